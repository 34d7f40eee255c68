import CastyCore
import CastyMembership
import Testing

@Suite struct GoneNoticeTests {
    @Test("two that have removed each other tell each other once, and not again and again")
    func once() {
        let (here, there) = (Self.node(1), Self.node(2))
        var membership = Membership(myself: here, settings: .responsive, generator: SeededGenerator(seed: 1))
        _ = membership.onStart(seeds: [], mayFound: true, at: .start)
        _ = membership.onMessage(.join(roles: [], settings: membership.sharedSettings), from: there, at: .start)
        _ = membership.onDown(there.address, at: .start)
        _ = membership.onPeerIncarnationGone(there, at: .start)
        #expect(membership.gossip.isTombstoned(there))
        let answer = membership.onMessage(.heartbeat(sequence: 1, sentAt: .start), from: there, at: .start)
        #expect(answer == [.send(.gone, to: there)])
        #expect(membership.onMessage(.gone, from: there, at: .start).isEmpty)
    }

    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 1), incarnation: UInt64(number))
    }
}

import CastyCore
import Testing

@testable import CastyMembership

@Suite struct DowningMemoryTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 1), incarnation: UInt64(number))
    }

    private static func member(_ number: Int, _ status: MemberStatus = .up) -> Member {
        Member(node: node(number), status: status, upNumber: UInt32(number))
    }

    @Test("a side that has just declared a member down still counts it, because the others may have it on theirs")
    func lostVotes() {
        // n2 hung, n4 declared it down, and was cut off before n5 heard of that. n2 came back to n5.
        let alone = DowningView(
            myself: Self.node(4), members: [Self.member(2, .down), Self.member(4), Self.member(5)],
            unreachable: [Self.node(2), Self.node(5)])
        let together = DowningView(
            myself: Self.node(5), members: [Self.member(2), Self.member(4), Self.member(5)], unreachable: [Self.node(4)]
        )
        for strategy in [DowningStrategy.keepMajority(), .keepOldest()] {
            #expect(strategy.decide(alone).down == [Self.node(4)], "\(strategy)")
            #expect(strategy.decide(together).down == [Self.node(4)], "\(strategy)")
        }
    }

    @Test("a member that was never up has no vote to remember")
    func neverUp() {
        let view = DowningView(
            myself: Self.node(1),
            members: [Self.member(1), Self.member(2), Member(node: Self.node(3), status: .down)],
            unreachable: [Self.node(2)])
        #expect(DowningStrategy.keepMajority().decide(view).down == [Self.node(2)])
    }

    @Test(
        "what a leaving or down member could not reach blocks no decision",
        arguments: [MemberStatus.up, .leaving, .exiting, .down])
    func leaverCannotReach(status: MemberStatus) {
        var gossip = Gossip()
        for member in [Self.member(1), Self.member(2), Self.member(3, status)] { gossip.add(member) }
        gossip.setRow(
            ReachabilityRow(subject: Self.node(2), verdict: .unreachable), by: Self.node(3), of: Self.node(2))
        gossip.seen = [Self.node(1), Self.node(2)]
        let hasSay = status < .exiting
        #expect(gossip.unreachable == (hasSay ? [Self.node(2)] : []))
        #expect(gossip.observers(of: Self.node(2)) == (hasSay ? [Self.node(3)] : []))
        #expect(gossip.obstacles(seenBy: Self.node(1), leavers: []).isEmpty == !hasSay)
        #expect(DowningView(gossip, myself: Self.node(1)).unreachable == gossip.unreachable)
    }
}

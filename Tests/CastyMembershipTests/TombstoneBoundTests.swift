import CastyCore
import Testing

@testable import CastyMembership

@Suite("How much is remembered of the removed") struct TombstoneBoundTests {
    /// A founder that lets in one node after the other.
    private struct Founder {
        var core: Membership
        var now = Instant.start
        private var last: UInt64 = 1

        init(_ mutations: MembershipMutations = []) {
            var settings = MembershipSettings.responsive
            settings.mutations = mutations
            settings.tombstones = .seconds(86_400)
            let myself = UniqueAddress(address: TestCluster.address(1), incarnation: 1)
            core = Membership(myself: myself, settings: settings, generator: SeededGenerator(seed: 1))
            _ = core.onStart(seeds: [], mayFound: true, at: now)
        }

        /// A second in which nothing happens; one that hung would let no node in.
        mutating func passTime() {
            now = now + .seconds(1)
            _ = core.onTimer(.heartbeat, at: now)
        }

        /// A process crashes at an address, and the next one joins there a second later.
        mutating func restart(at address: NodeAddress) {
            last += 1
            // A founder whose heartbeats are overdue does nothing as the leader.
            for _ in 1...2 { _ = core.onTimer(.heartbeat, at: now + .milliseconds(990)) }
            now = now + .seconds(1)
            _ = core.onMessage(
                .join(roles: [], settings: core.sharedSettings),
                from: UniqueAddress(address: address, incarnation: last &* 0x9E37_79B9 | 1),
                at: now)
        }

        /// A process joins at an address that no other has had, and is declared dead.
        mutating func passThrough(_ number: Int) {
            let address = NodeAddress(host: "10.0.0.1", port: 20_000 + number)
            restart(at: address)
            for member in core.gossip.members(at: address) {
                _ = core.onDown(address, at: now)
                _ = core.onPeerIncarnationGone(member.node, at: now)
            }
        }

        var bytes: Int {
            core.gossip.tombstones.reduce(0) { $0 + $1.node.address.host.utf8.count + 28 }
        }
    }

    private static let longName = NodeAddress(host: "n3." + String(repeating: "x", count: 236), port: 25_520)

    @Test("of an address that restarts again and again only the last minute is remembered")
    func restarts() {
        var founder = Founder()
        var most = 0
        for round in 1...1_000 {
            founder.restart(at: Self.longName)
            if round > 100 { most = max(most, founder.core.gossip.tombstones.count) }
        }
        #expect(most <= 62)
        #expect(founder.core.gossip.members.count == 2)
        #expect(founder.core.gossip.highestUpNumber == 1_001)
        for _ in 1...120 { founder.passTime() }
        founder.restart(at: Self.longName)
        founder.restart(at: Self.longName)
        #expect(founder.core.gossip.tombstones.count <= 3)
    }

    @Test("where more members than removed ones are known, the latest removal of an address stays alone")
    func manyMembers() {
        let cluster = TestCluster(6)
        cluster.run(.seconds(10))
        for _ in 1...2 {
            cluster.kill(6)
            cluster.run(.seconds(10))
            cluster.start(6)
            cluster.run(.seconds(10))
        }
        cluster.kill(6)
        let last = UniqueAddress(address: TestCluster.address(6), incarnation: cluster[6].incarnation)
        cluster.run(.seconds(10))
        #expect(cluster[1].core.gossip.tombstones.count == 3)
        cluster.run(.seconds(120))
        #expect(cluster[1].core.gossip.tombstones.map(\.node) == [last])
        #expect(cluster.agree(on: [1, 2, 3, 4, 5]))
    }

    @Test(
        "without bounds every restart stays for a day",
        .enabled(if: MembershipMutation.areCompiledIn, "swift test --traits Mutations"))
    func mutation() {
        var founder = Founder([.remembersAll])
        for _ in 1...500 { founder.restart(at: Self.longName) }
        #expect(founder.core.gossip.tombstones.count == 499)
    }

    @Test("of ever new addresses, as many as fit are remembered, the latest ones")
    func newAddresses() {
        var founder = Founder()
        for number in 1...1_000 { founder.passThrough(number) }
        let limit = founder.core.settings.tombstoneBytes
        #expect(founder.bytes <= limit && founder.bytes > limit / 2)
        #expect(founder.core.gossip.members.count == 1)
        let ports = founder.core.gossip.tombstones.map(\.node.address.port)
        #expect(ports.contains(21_000) && !ports.contains(20_001))
    }

    @Test("a burst of removals is remembered for a minute, up to twice the bytes")
    func burst() {
        var founder = Founder()
        for number in 1...1_200 {
            founder.now = founder.now - .milliseconds(995)
            founder.passThrough(number)
        }
        #expect(founder.bytes <= founder.core.settings.tombstoneBytes * 2)
        #expect(founder.bytes > founder.core.settings.tombstoneBytes)
    }
}

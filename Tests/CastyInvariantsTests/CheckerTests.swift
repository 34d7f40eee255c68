import CastyCore
import CastyObservability
import CastyPlacement
import Testing

@testable import CastyInvariants
@testable import CastyTestbed

@Suite("Invariant checkers")
struct CheckerTests {
    private func address(_ number: Int) -> UniqueAddress {
        UniqueAddress(address: NodeAddress(host: "127.0.0.\(number)", port: 25_520), incarnation: UInt64(number))
    }

    private func view(
        _ number: Int, _ membership: MembershipSnapshot = MembershipSnapshot(), sharding: [ShardingSnapshot] = []
    ) -> NodeSnapshot {
        NodeSnapshot(
            name: "n\(number)", node: address(number), time: .start, membership: membership, sharding: sharding)
    }

    private func member(_ number: Int, _ status: MemberStatus) -> MemberSnapshot {
        MemberSnapshot(node: address(number), name: "n\(number)", status: status)
    }

    private func moment(_ views: [NodeSnapshot], incarnations: [UniqueAddress] = []) -> ClusterMoment {
        ClusterMoment(time: .start, views: views.map { NodeView($0) }, incarnations: incarnations)
    }

    private func look(_ checker: some InvariantChecker, _ moment: ClusterMoment) -> [Violation] {
        var checker = checker
        return checker.check(moment)
    }

    @Test("two processes with one uid, or two living members at one place, break M1")
    func identities() {
        let twice = MembershipSnapshot(members: [member(1, .up), member(1, .up)])
        #expect(look(UniqueIdentities(), moment([view(1, twice)])).map(\.id) == ["M1", "M1"])
        #expect(look(UniqueIdentities(), moment([], incarnations: [address(1), address(1)])).map(\.id) == ["M1"])
        let fine = MembershipSnapshot(members: [member(1, .up), member(2, .down)])
        #expect(look(UniqueIdentities(), moment([view(1, fine)], incarnations: [address(1), address(2)])).isEmpty)
    }

    @Test("a member that steps back breaks M3, one that comes back breaks M2")
    func statuses() {
        var checker = StatusOrder()
        func look(_ members: [MemberSnapshot]) -> [String] {
            checker.check(moment([view(1, MembershipSnapshot(members: members))])).map(\.id)
        }
        #expect(look([member(2, .joining)]).isEmpty)
        #expect(look([member(2, .up)]).isEmpty)
        #expect(look([member(2, .joining)]) == ["M3"])
        #expect(look([]).isEmpty)
        #expect(look([member(2, .up)]) == ["M2"])
    }

    @Test("a clock that runs back, or ahead of its owner, breaks M4")
    func clocks() {
        var checker = GrowingClocks()
        func clock(_ counters: [UInt64]) -> MembershipSnapshot {
            MembershipSnapshot(
                clock: counters.enumerated().map {
                    ClockEntry(node: address($0 + 1), name: "n\($0 + 1)", counter: $1)
                })
        }
        #expect(checker.check(moment([view(1, clock([3, 1])), view(2, clock([2, 1]))])).isEmpty)
        #expect(checker.check(moment([view(1, clock([2, 1])), view(2, clock([2, 1]))])).map(\.id) == ["M4"])
        #expect(checker.check(moment([view(1, clock([4, 9])), view(2, clock([4, 2]))])).map(\.id) == ["M4"])
    }

    @Test("equal versions with different views break M5")
    func digests() {
        let clock = [ClockEntry(node: address(1), name: "n1", counter: 1)]
        let (one, other) = (
            MembershipSnapshot(clock: clock, digest: 1), MembershipSnapshot(clock: clock, digest: 2)
        )
        #expect(look(EqualVersionsEqualViews(), moment([view(1, one), view(2, other)])).map(\.id) == ["M5"])
        #expect(look(EqualVersionsEqualViews(), moment([view(1, one), view(2, one)])).isEmpty)
    }

    @Test("phi that falls without a heartbeat, or is no number, breaks F3")
    func phi() {
        var checker = GrowingPhi()
        func look(_ phi: Double, heartbeat: Instant = .start) -> [String] {
            let peer = PeerSnapshot(
                node: address(2), name: "n2", phi: phi, threshold: 8, mean: .zero, deviation: .zero,
                acceptablePause: .zero, lastHeartbeat: heartbeat, suspicionDeadline: nil, samples: 1)
            return checker.check(moment([view(1, MembershipSnapshot(peers: [peer]))])).map(\.id)
        }
        #expect(look(1).isEmpty)
        #expect(look(2).isEmpty)
        #expect(look(1.5) == ["F3"])
        #expect(look(0.1, heartbeat: .start + .seconds(1)).isEmpty)
        #expect(look(.infinity, heartbeat: .start + .seconds(2)) == ["F3"])
    }

    @Test("a shard on two nodes that may act breaks S2, on one whose lease has lapsed it does not")
    func owners() {
        func part(_ lease: Instant?) -> [ShardingSnapshot] {
            [
                ShardingSnapshot(
                    type: "account", shardCount: 24, shards: [ShardSnapshot(shard: 3, state: .running)],
                    leaseUntil: lease)
            ]
        }
        #expect(look(OneOwner(), moment([view(1, sharding: part(nil)), view(2, sharding: part(nil))])).count == 1)
        #expect(look(OneOwner(), moment([view(1, sharding: part(.start)), view(2, sharding: part(nil))])).isEmpty)
    }

    @Test("two coordinators of one type that may act break S3, and so does an epoch that two share")
    func coordinators() {
        func part(_ epoch: UInt64) -> [ShardingSnapshot] {
            [
                ShardingSnapshot(
                    type: "account", shardCount: 24, coordinating: CoordinatorSnapshot(state: .running, epoch: epoch))
            ]
        }
        var checker = OneCoordinator()
        #expect(checker.check(moment([view(1, sharding: part(1)), view(2)])).isEmpty)
        #expect(checker.check(moment([view(1, sharding: part(1)), view(2, sharding: part(2))])).map(\.id) == ["S3"])
        #expect(checker.check(moment([view(1), view(2, sharding: part(1))])).map(\.id) == ["S3"])
    }

    @Test("the checkers' own hash is FNV-1a, and agrees with the one that places entities")
    func hash() {
        let count = 1 << 62
        #expect(ShardingOracle.shard(of: "", count: count) == 0x0BF2_9CE4_8422_2325)
        #expect(ShardingOracle.shard(of: "a", count: count) == 0x2F63_DC4C_8601_EC8C)
        #expect(ShardingOracle.shard(of: "foobar", count: count) == 0x0594_4171_F739_67E8)
        for number in 0..<1000 {
            let name = "account-\(number)-ü"
            #expect(ShardingOracle.shard(of: name, count: 24) == StableHash.shard(of: name, count: 24))
        }
    }

    @Test(
        "the fewest moves that even out numbers of shards",
        arguments: [([4, 4, 0], 2), ([4, 4, 2], 1), ([8, 8, 8, 0], 6), ([50, 0, 50], 33), ([3, 3, 2], 0), ([], 0)])
    func leastMoves(counts: [Int], moves: Int) {
        #expect(FrugalRebalance.leastMoves(counts) == moves)
    }

    @Test("an entity in another shard than its name says breaks S12")
    func entities() {
        let right = StableHash.shard(of: "account-1", count: 24)
        func part(_ shard: Int) -> [ShardingSnapshot] {
            let entity = EntitySnapshot(id: "account-1", state: .active, handled: 0, lastUsed: .start)
            return [
                ShardingSnapshot(
                    type: "account", shardCount: 24,
                    shards: [ShardSnapshot(shard: shard, state: .running, entities: [entity])])
            ]
        }
        #expect(look(EntitiesAtHome(), moment([view(1, sharding: part(right))])).isEmpty)
        #expect(look(EntitiesAtHome(), moment([view(1, sharding: part((right + 1) % 24))])).map(\.id) == ["S12"])
    }
}

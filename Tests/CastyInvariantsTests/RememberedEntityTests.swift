import CastyCore
import CastyObservability
import Testing

@testable import CastyInvariants
@testable import CastyTestbed

@Suite("Remembered entities in a cluster")
struct RememberedEntityTests {
    private func testbed(seed: UInt64) throws -> TestCluster {
        var settings = TestClusterSettings(shards: 4)
        settings.remembersAccounts = true
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: seed), settings: settings, checkers: .all)
        try testbed.start([1, 2])
        try testbed.advance(until: .start + .seconds(1))
        return testbed
    }

    private func entities(_ testbed: TestCluster) -> [String] {
        let shards = testbed.running.flatMap { $0.snapshot.sharding.filter { $0.type == "account" } }.flatMap(
            \.shards)
        return shards.flatMap(\.entities).filter { $0.state == .active }.map(\.id).sorted()
    }

    @Test(
        "After the whole cluster was gone, those run that ran, and one that was put to sleep does not",
        arguments: [1, 2, 3])
    func everythingDies(seed: UInt64) throws {
        let testbed = try testbed(seed: seed)
        for number in 1...20 { try testbed.tell("account-\(number)", "start") }
        try testbed.advance(until: .start + .seconds(4))
        try testbed.passivate("account-5")
        try testbed.advance(until: .start + .seconds(5))
        let expected = (1...20).filter { $0 != 5 }.map { "account-\($0)" }.sorted()
        #expect(testbed.rememberedAccounts == expected)
        #expect(entities(testbed) == expected)
        for number in [1, 2] { try testbed.kill(number) }
        for number in [1, 2] { try testbed.restart(number) }
        try testbed.advance(until: .start + .seconds(15))
        #expect(entities(testbed) == expected)
        testbed.end()
    }

    @Test("An entity that runs and is not remembered, or is remembered and does not run, breaks S11")
    func checker() {
        func moment(running: [EntitySnapshot], remembered: [String]) -> ClusterMoment {
            let address = UniqueAddress(address: NodeAddress(host: "127.0.0.1", port: 1), incarnation: 1)
            let shard = ShardSnapshot(
                shard: 0, state: .running, entities: running, entityCount: running.count)
            let part = ShardingSnapshot(type: "account", shardCount: 1, shards: [shard], remembers: true)
            let view = NodeSnapshot(
                name: "n1", node: address, time: .start, membership: MembershipSnapshot(), sharding: [part])
            return ClusterMoment(
                time: .start, views: [NodeView(view)], incarnations: [], remembered: ["account": remembered])
        }
        func entity(_ id: String, _ state: EntitySnapshot.State = .active) -> EntitySnapshot {
            EntitySnapshot(id: id, state: state, handled: 0, lastUsed: .start)
        }
        var checker = RememberedEntities()
        #expect(checker.check(moment(running: [entity("account-1")], remembered: ["account-1"])).isEmpty)
        #expect(checker.check(moment(running: [entity("account-1")], remembered: [])).map(\.entity) == ["account-1"])
        #expect(checker.check(moment(running: [], remembered: ["account-2"])).map(\.id) == ["S11"])
        #expect(checker.check(moment(running: [entity("account-1", .remembering)], remembered: [])).isEmpty)
    }
}

import CastyActors
import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastySimulator
import CastyTestbed
import Synchronization
import Testing

@testable import CastyCluster
@testable import CastySharding

@Suite("Shells of sharding")
struct ShardingShellTests {
    private func part(_ type: String, of node: TestNode) -> ShardingSnapshot? {
        node.snapshot.sharding.first { $0.type == type }
    }

    @Test("A command that comes to nothing holds back nothing of what the end of a lease has set going")
    func refusedCommand() throws {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 1), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1])
        let node = try testbed.node(1)
        let region = try #require(node.regions[.account])
        func isRegistered() -> Bool { part("account", of: node)?.registered == true }
        #expect(try testbed.advance(until: testbed.now + .seconds(10), unless: isRegistered))
        let lease = node.cluster.leaseValidUntil
        node.cluster.publish(lease: .start)
        region.passivate("account-1")
        try testbed.advance(until: testbed.now + .milliseconds(1))
        node.cluster.publish(lease: lease)
        // The region registers anew with the coordinator beside it, though this has no other effect.
        region.tell(String(repeating: "x", count: 4096), EntityCommand(number: 1, text: "balance"))
        try testbed.advance(until: testbed.now + .milliseconds(1))
        #expect(part("account", of: node)?.coordinating?.regions == [node.system.unique])
        #expect(isRegistered())
    }

    @Test("A coordinator that takes over need not wait for a member that knows nothing of sharding")
    func noSharding() throws {
        var settings = TestClusterSettings()
        settings.samples = []
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: 2), settings: settings, checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        let handled = Mutex(0)
        let regions = try (1...2).map { number in
            try testbed.node(number).sharding.start(type: "plain", shards: 8, of: EntityCommand.self) { _ in
                .receive { _, _ in
                    handled.withLock { $0 += 1 }
                    return .same
                }
            }
        }
        func advance(until count: Int) throws -> Bool {
            try testbed.advance(until: testbed.now + .seconds(40)) { handled.withLock { $0 } == count }
        }
        for number in 1...20 { regions[1].tell("e-\(number)", EntityCommand(number: 0, text: "")) }
        #expect(try advance(until: 20))
        #expect(
            try testbed.advance(until: testbed.now + .seconds(30)) {
                try testbed.node(2).cluster.state.up.count == 3
            })
        try testbed.kill(1)
        let survivor = try testbed.node(2)
        #expect(
            try testbed.advance(until: testbed.now + .seconds(30)) {
                part("plain", of: survivor)?.coordinating?.awaited.map(\.address)
                    == [try testbed.node(3).system.address]
            })
        for number in 1...20 { regions[1].tell("e-\(number)", EntityCommand(number: 0, text: "")) }
        #expect(try advance(until: 40))
        #expect(part("plain", of: survivor)?.coordinating?.awaited == [])
    }

    @Test("Sinks, factories of entities, stores and tracing may look at the node in whose name they are called")
    func nothingUnderALock() throws {
        var settings = TestClusterSettings()
        settings.samples = []
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: 3), settings: settings, checkers: .all)
        defer { testbed.end() }
        try testbed.start([1])
        let node = try testbed.node(1)
        let looks = Mutex<[String: Int]>([:])
        let sharding = node.sharding
        let look = { @Sendable [system = node.system] (from: String) in
            _ = system.snapshot()
            _ = sharding.hosts("e-1", type: "seen")
            looks.withLock { $0[from, default: 0] += 1 }
        }
        node.system.inspector.subscribe { _ in look("sink") }
        var placement = PlacementSettings(settings.membership, shards: 4)
        placement.remembersEntities = true
        let region = try sharding.start(
            type: "seen", settings: placement, store: nil, remember: LookingStore { look("store") },
            tracing: ShardTracing<EntityCommand>(
                forwarded: { _, _, _ in look("forwarded") }, arrived: { _ in look("arrived") },
                lost: { _, _ in look("lost") }, noted: { _ in look("noted") })
        ) { _ in
            look("factory")
            return .receive { _, _ in
                look("handler")
                return .same
            }
        }
        region.tell("e-1", EntityCommand(number: 1, text: ""))
        region.tell(String(repeating: "x", count: 4096), EntityCommand(number: 2, text: ""))
        #expect(
            try testbed.advance(until: testbed.now + .seconds(30)) {
                looks.withLock { $0["handler"] == 1 && $0["lost"] == 1 }
            })
        let seen = looks.withLock { $0 }
        for place in ["sink", "factory", "store", "noted"] { #expect(seen[place, default: 0] > 0, "\(place)") }
        #expect(sharding.hosts("e-1", type: "seen"))
    }
}

/// A store that remembers nothing, and looks around whenever it is asked.
private final class LookingStore: RememberedEntityStore {
    private let look: @Sendable () -> Void

    init(_ look: @escaping @Sendable () -> Void) { self.look = look }

    func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        look()
        return RememberedPage([])
    }

    func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        look()
    }
}

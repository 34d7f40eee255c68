import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastySharding
import CastyTestbed
import Testing

@Suite("Memory of test clusters")
struct MemoryTests {
    /// What nodes were made of, without keeping it.
    private struct Remains {
        weak var system: ActorSystem?
        weak var cluster: Cluster?
        weak var sharding: Sharding?
        weak var node: TestNode?

        init(_ node: TestNode) {
            (system, cluster, sharding, self.node) = (node.system, node.cluster, node.sharding, node)
        }

        var names: [String] {
            [
                system == nil ? nil : "system", cluster == nil ? nil : "cluster",
                sharding == nil ? nil : "sharding", node == nil ? nil : "node",
            ].compactMap { $0 }
        }
    }

    private func run(seed: UInt64) throws -> [Remains] {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: seed), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2, 3, 4])
        for number in 1...20 { try testbed.tell("account-\(number)", "deposit 1") }
        try testbed.advance(until: testbed.now + .seconds(15))
        var remains = try (1...4).map { Remains(try testbed.node($0)) }
        try testbed.kill(2)
        try testbed.leave(3)
        try testbed.freeze(4)
        try testbed.advance(until: testbed.now + .seconds(20))
        try testbed.restart(2)
        try testbed.advance(until: testbed.now + .seconds(5))
        remains.append(Remains(try testbed.node(2)))
        return remains
    }

    @Test(
        "a simulated run leaves no system, no cluster and no node behind, however its nodes ended",
        arguments: [1, 2, 3] as [UInt64])
    func runs(seed: UInt64) throws {
        let remains = try run(seed: seed)
        #expect(remains.map(\.names) == Array(repeating: [], count: 5))
    }
}

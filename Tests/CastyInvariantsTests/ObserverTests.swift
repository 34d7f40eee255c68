import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyRemoting
import CastyScenario
import CastySharding
import CastySimulator
import CastyTestbed
import Testing

@Suite("Observing a cluster")
struct ObserverTests {
    /// Two nodes that allow observers, and an observer that has the second's address.
    private func watched(_ seed: UInt64) throws -> (TestCluster, SimulatedClusterWorld, ClusterObserver) {
        let world = SimulatedClusterWorld(seed: seed)
        let testbed = TestCluster(world: world, settings: TestClusterSettings(), checkers: .all)
        try testbed.start([1, 2])
        for node in testbed.running { try ObservationService.start(on: node.system) }
        let place = NodeAddress(host: "127.0.0.99", port: 1)
        let observer = try ClusterObserver(
            world: world.simulation.node(name: "watch", address: place).world, cluster: testbed.settings.cluster,
            seeds: [testbed.address(of: 2)])
        try observer.start()
        return (testbed, world, observer)
    }

    @Test("an observer that knows one member sees them all, and every event once; they do not count it")
    func looksOn() throws {
        let (testbed, _, observer) = try watched(3)
        defer { testbed.end() }
        try testbed.advance(until: .start + .seconds(4))
        #expect(observer.nodes.compactMap(\.snapshot?.name) == ["n1", "n2"])
        for node in observer.nodes {
            #expect(node.snapshot?.membership.members.map(\.name) == ["n1", "n2"])
            #expect(node.snapshot?.membership.converged == true)
        }
        try testbed.perform(.kill([NodeName(2)]))
        try testbed.advance(until: .start + .seconds(14))
        let page = observer.events(from: 0)
        #expect(Set(page.events.map(\.id)).count == page.events.count)
        #expect(page.events.contains { $0.kind == .memberRemoved && $0.node == "n1" && $0.subject == "n2" })
        let silent = try #require(observer.nodes.first { $0.address == testbed.address(of: 2) })
        #expect(observer.now - (silent.heard ?? .start) > .seconds(8))
        #expect(testbed.running.allSatisfy { $0.cluster.state.members.count == 1 })
    }

    @Test("no node dials an observer that is gone, and nothing of it stays behind")
    func leavesNothing() throws {
        let (testbed, _, observer) = try watched(4)
        defer { testbed.end() }
        func unknownPeers() -> Int {
            testbed.running.reduce(0) { $0 + $1.node.remoting.snapshots.count { $0.peer.port == 0 } }
        }
        try testbed.advance(until: .start + .seconds(2))
        #expect(unknownPeers() == 2)
        observer.stop {}
        try testbed.advance(until: .start + .seconds(4))
        #expect(unknownPeers() == 0)
        #expect(testbed.running.allSatisfy { $0.isUp })
    }
}

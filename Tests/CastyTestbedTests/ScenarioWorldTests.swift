import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed
import Testing

@Suite("What a scenario says about its world")
struct ScenarioWorldTests {
    private func run(_ text: String, seed: UInt64 = 1, keepsGoing: Bool = false) throws -> RunResult {
        let scenario = try Scenario.parse(text, file: "world.casty")
        return ScenarioRunner(scenario, options: RunOptions(seed: seed, keepsGoing: keepsGoing), checkers: .all).run()
    }

    private func testbed(_ text: String) throws -> TestCluster {
        let scenario = try Scenario.parse(text, file: "world.casty")
        return TestCluster(
            world: SimulatedClusterWorld(seed: 1), settings: TestClusterSettings(scenario), checkers: .all)
    }

    @Test("every node has the seed list that the scenario names, and nodes that join later too")
    func seeds() throws {
        let testbed = try testbed("seeds n1,n2\nnodes 4\n")
        defer { testbed.end() }
        try testbed.start([1, 2, 3, 4])
        #expect(try testbed.advance(until: .start + .seconds(30)) { testbed.running.allSatisfy(\.isUp) })
        try testbed.start([5])
        #expect(try testbed.advance(until: .start + .seconds(60)) { testbed.running.allSatisfy(\.isUp) })
        let expected = [1, 2].map { testbed.address(of: $0) }
        for node in testbed.running { #expect(node.cluster.config.seeds == expected) }
    }

    @Test("without seeds every node has the nodes that started first, also those that come later")
    func defaultSeeds() throws {
        let testbed = try testbed("nodes 3\n")
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        try testbed.start([4])
        let expected = [1, 2, 3].map { testbed.address(of: $0) }
        for number in 1...4 { #expect(try testbed.node(number).cluster.config.seeds == expected) }
    }

    @Test("a cluster forms whose seeds are not its first nodes")
    func laterSeeds() throws {
        let result = try run(
            "seeds n3\nnodes 4\nexpect members n1,n2,n3,n4 up within 30s\nexpect converged within 5s\n")
        #expect(result.status == .passed)
    }

    @Test("nodes have the roles of the header, keep them when they are restarted, and add those of `start`")
    func roles() throws {
        let testbed = try testbed("roles n2,n4 backend\nnodes 3\n")
        defer { testbed.end() }
        try testbed.start([1, 2, 3])
        try testbed.start([4], roles: ["web"])
        let roles = try (1...4).map { try testbed.node($0).cluster.config.roles }
        #expect(roles == [[], ["backend"], [], ["backend", "web"]])
        try testbed.advance(until: .start + .seconds(20))
        try testbed.kill(2)
        try testbed.restart(2)
        #expect(try testbed.node(2).cluster.config.roles == ["backend"])
    }

    @Test("accounts live on the nodes of their role only, and every node reaches them", arguments: 1...3)
    func accountRole(seed: UInt64) throws {
        let text = """
            roles n2,n3 backend
            set account-role backend
            nodes 4
            shards 8
            expect members n1,n2,n3,n4 up within 30s
            spawn account-1..account-40
            expect shards balanced within 20s
            ask account-1 deposit 5 via n1 -> 5
            ask account-1 balance via n4 -> 5
            kill n2
            expect n2 removed within 30s
            ask account-7 deposit 1 via n1 within 20s
            expect shards balanced within 20s
            expect lost 0
            expect single-activation
            """
        let result = try run(text, seed: seed)
        #expect(result.status == .passed, "seed \(seed)")
    }

    @Test("the singleton runs on the oldest member of its role, and moves when that one goes", arguments: 1...3)
    func singleton(seed: UInt64) throws {
        let testbed = try testbed("roles n2,n3 backend\nset singleton-role backend\nnodes 4\n")
        defer { testbed.end() }
        try testbed.start([1, 2, 3, 4])
        let acts = { (node: String) in testbed.singleton.seen.latest?.node == node }
        #expect(try testbed.advance(until: .start + .seconds(40)) { acts("n2") })
        try testbed.leave(2)
        #expect(try testbed.advance(until: testbed.now + .seconds(20)) { acts("n3") })
        #expect(testbed.tracker.violations.isEmpty)
        #expect(testbed.singleton.seen.acted == 2)
    }

    @Test("a singleton that acts after another one has begun is a violation")
    func twoSingletons() throws {
        let tracker = EnvelopeTracker()
        let watch = SingletonWatch(clock: { .start }) { tracker.object($0, $1, $2) }
        let (first, second) = (watch.begin(on: "n1"), watch.begin(on: "n2"))
        watch.act(second, hasLease: true)
        #expect(tracker.violations.isEmpty)
        watch.act(first, hasLease: true)
        #expect(tracker.violations.map(\.id) == ["S1"])
        watch.act(second, hasLease: false)
        #expect(tracker.violations.count == 2)
    }
}

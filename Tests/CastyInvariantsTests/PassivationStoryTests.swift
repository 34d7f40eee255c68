import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastySharding
import CastyTestbed
import Testing

@Suite("Bounds on entities that are awake")
struct PassivationStoryTests {
    private func awake(_ testbed: TestCluster) -> [Int] {
        testbed.running.map { node in
            node.snapshot.sharding.filter { $0.type == "account" }.reduce(0) {
                $1.shards.reduce($0) { $0 + $1.entityCount }
            }
        }
    }

    @Test(
        "set passivation lru and lfu bound what is awake on each node; no message is lost, doubled or overtaken",
        arguments: ["lru", "lfu"])
    func limits(policy: String) throws {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 6), settings: TestClusterSettings(), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        try testbed.advance(until: testbed.now + .seconds(30)) {
            testbed.running.allSatisfy { $0.cluster.state.up.count == 2 }
        }
        for number in 1...40 { try testbed.tell("account-\(number)", "start") }
        try testbed.advance(until: testbed.now + .seconds(3))
        #expect(awake(testbed).reduce(0, +) == 40)
        let scenario = try Scenario.parse("nodes 2\nset passivation \(policy) 5", file: "test.casty")
        for statement in scenario.statements {
            if case .immediate(.set) = statement.command { try testbed.perform(statement.command) }
        }
        try testbed.advance(until: testbed.now + .seconds(1))
        #expect(awake(testbed) == [5, 5])
        // Many more entities than may be awake, in turn, so that most messages find theirs on its way to sleep.
        for round in 0..<20 {
            for number in 1...40 {
                try testbed.tell("account-\(number)", "deposit 1", via: (number + round) % 2 + 1)
            }
            try testbed.advance(until: testbed.now + .milliseconds(2))
        }
        try testbed.advance(until: testbed.now + .seconds(3))
        #expect(awake(testbed).allSatisfy { $0 <= 5 })
        #expect(testbed.tracker.lost == 0)
        #expect(testbed.tracker.pending == 0)
        #expect(testbed.tracker.handled == 840)
        #expect(testbed.tracker.violations.isEmpty)
    }
}

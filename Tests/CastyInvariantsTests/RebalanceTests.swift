import CastyCore
import CastyInvariants
import CastyObservability
import CastyPlacement
import CastyScenario
import CastySharding
import CastyTestbed
import Testing

@Suite("Rebalancing")
struct RebalanceTests {
    private func run(_ text: String) throws -> (runner: ScenarioRunner, result: RunResult) {
        let runner = ScenarioRunner(try Scenario.parse(text, file: "test.casty"), checkers: .all)
        return (runner, runner.run())
    }

    @Test("a fourth node that joins three with 200 active entities gets its quarter, by no more moves than it needs")
    func quarter() throws {
        let (runner, result) = try run(
            """
            seed 7
            nodes 3
            expect members n1,n2,n3 up within 10s
            wait 500ms
            spawn account-1..account-200
            expect shards balanced within 20s
            load 200/s over 200 entities for 8s
            wait 1s
            start n4
            expect members n1,n2,n3,n4 up within 10s
            expect shards balanced by 0 within 20s
            expect lost 0
            """)
        #expect(result.status == .passed)
        // 24 shards on three nodes, 8 each; on four, 6 each. Only accounts were spoken to.
        #expect(runner.testbed.watch.evidence.handoffsByReason == [.rebalance: 6])
        #expect(runner.testbed.watch.evidence.moves == 6)
        #expect(runner.testbed.tracker.handled == runner.testbed.tracker.sent)
    }

    @Test("the shards of a node that leaves move, and no others")
    func leaving() throws {
        let (runner, result) = try run(
            """
            seed 8
            nodes 4
            expect members n1,n2,n3,n4 up within 10s
            spawn account-1..account-200
            expect shards balanced by 0 within 20s
            load 100/s over 200 entities for 8s
            leave n4
            expect stopped n4 within 20s
            expect shards balanced by 0 within 20s
            expect lost 0
            """)
        #expect(result.status == .passed)
        #expect(runner.testbed.watch.evidence.handoffsByReason == [.leaving: 6])
    }

    @Test("no more handoffs are under way at once than the limits allow")
    func limits() throws {
        let (runner, result) = try run(
            """
            seed 9
            shards 48
            nodes 2
            expect members n1,n2 up within 10s
            spawn account-1..account-200
            expect shards balanced within 20s
            link all latency 30ms
            drain n2
            wait 8s
            """)
        let evidence = runner.testbed.watch.evidence
        #expect(result.status == .passed)
        #expect(evidence.handoffsByReason[.drain] == 24)
        // A quarter of 48 shards.
        #expect(evidence.mostInFlight == 12)
    }

    @Test("entity types do not touch each other: a shard of one moves, its namesake of the other stays")
    func types() throws {
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: 10), checkers: .all)
        defer { testbed.end() }
        try testbed.start([1, 2])
        #expect(try testbed.advance(until: testbed.now + .seconds(10)) { testbed.running.allSatisfy(\.isUp) })
        for number in 1...100 {
            for type in ["account", "counter"] { try testbed.tell("\(type)-\(number)", "start") }
        }
        try testbed.advance(until: testbed.now + .seconds(5))
        let views = testbed.running.map(\.snapshot)
        func shards(_ type: String, _ view: NodeSnapshot) -> [Int] {
            view.sharding.first { $0.type == type }?.shards.map(\.shard) ?? []
        }
        let shard = try #require(shards("account", views[0]).first)
        testbed.running[0].sharding.command(.move(shard: shard, to: testbed.address(of: 2)), type: "account") {
            _ in
        }
        try testbed.advance(until: testbed.now + .milliseconds(500))
        let after = testbed.running.map(\.snapshot)
        #expect(shards("account", after[1]) == (shards("account", views[1]) + [shard]).sorted())
        #expect(after.map { shards("counter", $0) } == views.map { shards("counter", $0) })
        #expect(testbed.watch.evidence.handoffs == 1)
    }
}

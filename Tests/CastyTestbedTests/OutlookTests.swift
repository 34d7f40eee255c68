import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@Suite("What would come of a cut, and why there is no agreement") struct OutlookTests {
    /// Three nodes that are up, under a strategy.
    private static func testbed(_ strategy: Downing = .keepMajority, nodes: Int = 3) throws -> TestCluster {
        var settings = TestClusterSettings()
        settings.nodes = nodes
        settings.apply(.downing(strategy))
        let testbed = TestCluster(world: SimulatedClusterWorld(seed: 3), settings: settings, checkers: .all)
        try testbed.start(Array(1...nodes))
        let isUp = testbed.world.advance(until: .start + .seconds(10)) {
            testbed.running.filter { $0.cluster.state.up.count == nodes }.count == nodes
        }
        try #require(isUp)
        return testbed
    }

    @Test(
        "each side is asked by its own view, under each strategy",
        arguments: [
            (
                Downing.keepMajority, [PartitionForecast.Verdict.stays, .goes],
                "n1,n2 stay (keep-majority: 2 of 3 votes stay)"
            ),
            (.staticQuorum, [.stays, .goes], "n1,n2 stay (static-quorum: 2 votes of 2 needed)"),
            (.keepOldest, [.stays, .goes], "n1,n2 stay (keep-oldest: 127.0.0.1:25520 is here)"),
            (
                .leaseMajority, [.asksFirst, .asksLater],
                "n1,n2 ask the lease first (lease-majority: 2 of 3 votes here, asks for the lease at once)"
            ),
            (.downAll, [.goes, .goes], "no node stays (down-all: the cluster is split)"),
            (.none, [.waits, .waits], "no node goes (manual: a person decides)"),
        ])
    func sides(strategy: Downing, verdicts: [PartitionForecast.Verdict], outcome: String) throws {
        let testbed = try Self.testbed(strategy)
        defer { testbed.end() }
        let outlook = try #require(testbed.outlook(ifCutOff: ["n3"]))
        #expect(outlook.sides.map(\.nodes) == [["n1", "n2"], ["n3"]])
        #expect(outlook.sides.map(\.verdict) == verdicts)
        #expect(outlook.cut == "n1,n2 | n3")
        #expect(outlook.outcome == outcome)
        #expect(testbed.outlook(ifCutOff: ["n1", "n2"]) == outlook)
    }

    @Test("what it says comes true")
    func prophecy() throws {
        for group in [[1], [1, 2], [2, 3, 4], [4]] {
            let testbed = try Self.testbed(nodes: 4)
            defer { testbed.end() }
            let outlook = try #require(testbed.outlook(ifCutOff: group.map { "n\($0)" }))
            try testbed.cut([group, (1...4).filter { !group.contains($0) }])
            testbed.world.advance(until: testbed.now + .seconds(10)) { false }
            let stays = outlook.sides.filter { $0.verdict == .stays }.flatMap(\.nodes)
            #expect(testbed.running.map(\.name) == stays, "\(outlook.cut): \(outlook.outcome)")
        }
    }

    @Test("there is no forecast where one side has no running node")
    func nobody() throws {
        let testbed = try Self.testbed()
        defer { testbed.end() }
        #expect(testbed.outlook(ifCutOff: []) == nil)
        #expect(testbed.outlook(ifCutOff: ["n1", "n2", "n3"]) == nil)
        try testbed.kill(3)
        #expect(testbed.outlook(ifCutOff: ["n3"]) == nil)
        #expect(testbed.outlook(ifCutOff: ["n2", "n3"])?.sides.map(\.nodes) == [["n1"], ["n2"]])
    }

    @Test("a view that has not converged names who cannot reach whom, and for how long, and what the leader will do")
    func explanation() throws {
        let testbed = try Self.testbed(.none)
        defer { testbed.end() }
        try testbed.kill(3)
        testbed.world.advance(until: testbed.now + .seconds(6)) { false }
        for node in testbed.running {
            let membership = node.snapshot.membership
            #expect(!membership.converged)
            let reason = membership.waitingFor.first ?? ""
            #expect(reason.hasPrefix("n1,n2 cannot reach n3 for 4."), "\(reason)")
        }
        try testbed.start([4])
        testbed.world.advance(until: testbed.now + .milliseconds(500)) { false }
        for node in testbed.running where node.number != 4 {
            #expect(node.snapshot.membership.pendingLeaderActions == ["move n4 to up"], "\(node.name)")
        }
        try testbed.freeze(2)
        try testbed.start([5])
        testbed.world.advance(until: testbed.now + .milliseconds(700)) { false }
        let waiting = try testbed.node(1).snapshot.membership.waitingFor
        #expect(
            waiting.contains { $0.hasPrefix("n2 has not seen this version for 0.") }, "\(waiting)")
    }
}

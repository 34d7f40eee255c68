import CastyActors
import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@Suite("What would come of a cut, and why there is no agreement") struct ForecastTests {
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
                DowningReason.majority(.stays(.init(2, of: 3), byLowestAddress: false))
            ),
            (.staticQuorum, [.stays, .goes], .quorum(.enough(votes: 2, size: 2))),
            (
                .keepOldest, [.stays, .goes],
                .oldest(
                    .found(NodeAddress(host: "127.0.0.1", port: 25520), isHere: true, isAlone: false, doubt: nil))
            ),
            (
                .leaseMajority, [.asksFirst, .asksLater],
                .lease(.asks(.init(2, of: 3), isLate: false))
            ),
            (.downAll, [.goes, .goes], .split),
            (.none, [.waits, .waits], .manual),
        ])
    func sides(strategy: Downing, verdicts: [PartitionForecast.Verdict], reason: DowningReason) throws {
        let testbed = try Self.testbed(strategy)
        defer { testbed.end() }
        let forecast = try #require(testbed.forecast(ifCutOff: ["n3"]))
        #expect(forecast.sides.map(\.nodes) == [["n1", "n2"], ["n3"]])
        #expect(forecast.sides.map(\.verdict) == verdicts)
        #expect(forecast.cut == "n1,n2 | n3")
        #expect(forecast.sides.first?.reason == reason)
        #expect(testbed.forecast(ifCutOff: ["n1", "n2"]) == forecast)
    }

    @Test("what it says comes true")
    func prophecy() throws {
        for group in [[1], [1, 2], [2, 3, 4], [4]] {
            let testbed = try Self.testbed(nodes: 4)
            defer { testbed.end() }
            let forecast = try #require(testbed.forecast(ifCutOff: group.map { "n\($0)" }))
            try testbed.cut([group, (1...4).filter { !group.contains($0) }])
            testbed.world.advance(until: testbed.now + .seconds(10)) { false }
            let stays = forecast.sides.filter { $0.verdict == .stays }.flatMap(\.nodes)
            #expect(testbed.running.map(\.name) == stays, "\(forecast)")
        }
    }

    @Test("there is no forecast where one side has no running node")
    func oneSideWithoutNodes() throws {
        let testbed = try Self.testbed()
        defer { testbed.end() }
        #expect(testbed.forecast(ifCutOff: []) == nil)
        #expect(testbed.forecast(ifCutOff: ["n1", "n2", "n3"]) == nil)
        try testbed.kill(3)
        #expect(testbed.forecast(ifCutOff: ["n3"]) == nil)
        #expect(testbed.forecast(ifCutOff: ["n2", "n3"])?.sides.map(\.nodes) == [["n1"], ["n2"]])
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
            let (first, second) = (try testbed.node(1).system.unique, try testbed.node(2).system.unique)
            let dead = try testbed.node(3).system.unique
            let waiting = try #require(membership.waitingFor.first)
            #expect(waiting.obstacle == .unreachable(dead, by: [first, second]))
            let lasting = try #require(waiting.since.map { node.snapshot.time - $0 })
            #expect(lasting > .seconds(4) && lasting < .seconds(5), "\(lasting)")
        }
        try testbed.start([4])
        testbed.world.advance(until: testbed.now + .milliseconds(500)) { false }
        for node in testbed.running where node.number != 4 {
            #expect(node.snapshot.membership.pendingLeaderActions == [.moveToUp(try testbed.node(4).system.unique)])
        }
        try testbed.freeze(2)
        try testbed.start([5])
        testbed.world.advance(until: testbed.now + .milliseconds(700)) { false }
        let waiting = try testbed.node(1).snapshot.membership.waitingFor
        let second = try testbed.node(2).system.unique
        let behind = waiting.first { $0.obstacle == .notSeen(second) }
        let since = try #require(behind?.since)
        #expect(testbed.now - since < .seconds(1))
    }
}

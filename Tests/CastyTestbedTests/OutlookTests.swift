import CastyCluster
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Testing

@Suite("What would come of a cut, and why there is no agreement") struct OutlookTests {
    /// Three nodes that are up, under a strategy.
    private static func laboratory(_ strategy: Downing = .keepMajority, nodes: Int = 3) throws -> Laboratory {
        var settings = LabSettings()
        settings.nodes = nodes
        settings.apply(.downing(strategy))
        let laboratory = Laboratory(world: SimulatedLabWorld(seed: 3), settings: settings, checkers: .all)
        try laboratory.start(Array(1...nodes))
        let isUp = laboratory.world.advance(until: .start + .seconds(10)) {
            laboratory.running.filter { $0.cluster.state.up.count == nodes }.count == nodes
        }
        try #require(isUp)
        return laboratory
    }

    @Test(
        "each side is asked by its own view, under each strategy",
        arguments: [
            (Downing.keepMajority, [CutOutlook.Verdict.stays, .goes], "n1,n2 stay (keep-majority: 2 of 3 votes stay)"),
            (.staticQuorum, [.stays, .goes], "n1,n2 stay (static-quorum: 2 votes of 2 needed)"),
            (.keepOldest, [.stays, .goes], "n1,n2 stay (keep-oldest: 127.0.0.1:25520 is here)"),
            (
                .leaseMajority, [.asksFirst, .asksLater],
                "n1,n2 ask the lease first (lease-majority: 2 of 3 votes here, asks for the lease at once)"
            ),
            (.downAll, [.goes, .goes], "nobody stays (down-all: the cluster is split)"),
            (.none, [.waits, .waits], "nobody goes (manual: a person decides)"),
        ])
    func sides(strategy: Downing, verdicts: [CutOutlook.Verdict], outcome: String) throws {
        let laboratory = try Self.laboratory(strategy)
        defer { laboratory.end() }
        let outlook = try #require(laboratory.outlook(ifCutOff: ["n3"]))
        #expect(outlook.sides.map(\.nodes) == [["n1", "n2"], ["n3"]])
        #expect(outlook.sides.map(\.verdict) == verdicts)
        #expect(outlook.cut == "n1,n2 | n3")
        #expect(outlook.outcome == outcome)
        #expect(laboratory.outlook(ifCutOff: ["n1", "n2"]) == outlook)
    }

    @Test("what it says comes true")
    func prophecy() throws {
        for group in [[1], [1, 2], [2, 3, 4], [4]] {
            let laboratory = try Self.laboratory(nodes: 4)
            defer { laboratory.end() }
            let outlook = try #require(laboratory.outlook(ifCutOff: group.map { "n\($0)" }))
            try laboratory.cut([group, (1...4).filter { !group.contains($0) }])
            laboratory.world.advance(until: laboratory.now + .seconds(10)) { false }
            let stays = outlook.sides.filter { $0.verdict == .stays }.flatMap(\.nodes)
            #expect(laboratory.running.map(\.name) == stays, "\(outlook.cut): \(outlook.outcome)")
        }
    }

    @Test("there is no outlook where one side has nobody that runs")
    func nobody() throws {
        let laboratory = try Self.laboratory()
        defer { laboratory.end() }
        #expect(laboratory.outlook(ifCutOff: []) == nil)
        #expect(laboratory.outlook(ifCutOff: ["n1", "n2", "n3"]) == nil)
        try laboratory.kill(3)
        #expect(laboratory.outlook(ifCutOff: ["n3"]) == nil)
        #expect(laboratory.outlook(ifCutOff: ["n2", "n3"])?.sides.map(\.nodes) == [["n1"], ["n2"]])
    }

    @Test("a view that has not converged names who cannot reach whom, and for how long, and what the leader will do")
    func explanation() throws {
        let laboratory = try Self.laboratory(.none)
        defer { laboratory.end() }
        try laboratory.kill(3)
        laboratory.world.advance(until: laboratory.now + .seconds(6)) { false }
        for node in laboratory.running {
            let membership = node.snapshot.membership
            #expect(!membership.converged)
            let reason = membership.waitingFor.first ?? ""
            #expect(reason.hasPrefix("n1,n2 cannot reach n3 for 4."), "\(reason)")
        }
        try laboratory.start([4])
        laboratory.world.advance(until: laboratory.now + .milliseconds(500)) { false }
        for node in laboratory.running where node.number != 4 {
            #expect(node.snapshot.membership.pendingLeaderActions == ["move n4 to up"], "\(node.name)")
        }
        try laboratory.freeze(2)
        try laboratory.start([5])
        laboratory.world.advance(until: laboratory.now + .milliseconds(700)) { false }
        let waiting = try laboratory.node(1).snapshot.membership.waitingFor
        #expect(
            waiting.contains { $0.hasPrefix("n2 has not seen this version for 0.") }, "\(waiting)")
    }
}

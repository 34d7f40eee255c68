import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What would come of a cut") struct OutlookTests {
    static let outlook = PartitionForecast(sides: [
        .init(nodes: ["n1", "n2"], verdict: .stays, reason: "keep-majority: 2 of 3 votes stay"),
        .init(nodes: ["n3"], verdict: .goes, reason: "keep-majority: only 1 of 3 votes here"),
    ])

    static func console(_ width: Int, _ height: Int) -> Fixture {
        var console = Fixture(nodes: 3, width: width, height: height)
        var snapshot = console.cluster.snapshot()
        snapshot.outlook = outlook
        console.feed.take(snapshot)
        return console
    }

    @Test(
        "stands below the members, for the node under the cursor and for the marked ones",
        arguments: [(80, 24), (120, 40)])
    func members(width: Int, height: Int) {
        var console = Self.console(width, height)
        #expect(console.state.previewedPartition(console.feed) == ["n1"])
        #expect(!console.text.contains("if cut off"))
        console.press(.down, .down)
        #expect(console.state.previewedPartition(console.feed) == ["n3"])
        #expect(console.text.contains("if cut off: n1,n2 | n3"))
        #expect(console.text.contains("n1,n2 stay (2 of 3 votes stay)"))
        // Marking goes on to the next row.
        console.press(.up, .up, .character(" "), .character(" "))
        #expect(console.state.previewedPartition(console.feed) == ["n1", "n2"])
        #expect(console.text.contains("if cut off: n1,n2 | n3"))
    }

    @Test("in words: one that stays, two that ask, none")
    func words() {
        func outcome(_ first: PartitionForecast.Verdict, _ second: PartitionForecast.Verdict) -> String {
            PartitionForecast(sides: [
                .init(nodes: ["n1"], verdict: first, reason: "one"),
                .init(nodes: ["n2"], verdict: second, reason: "two"),
            ]).outcome
        }
        #expect(outcome(.goes, .stays) == "n2 stays (two)")
        #expect(outcome(.asksFirst, .asksLater) == "n1 asks the lease first (one)")
        #expect(outcome(.asksLater, .asksLater) == "who gets the lease stays (one)")
        #expect(outcome(.goes, .goes) == "no node stays (one)")
        #expect(outcome(.waits, .waits) == "no node goes (one)")
        #expect(outcome(.stays, .stays) == "n1 and n2 stay (one)")
    }
}

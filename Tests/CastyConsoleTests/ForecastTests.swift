import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What would come of a cut") struct ForecastTests {
    static let forecast = PartitionForecast(sides: [
        .init(
            nodes: ["n1", "n2"], verdict: .stays, reason: .majority(.stays(.init(2, of: 3), byLowestAddress: false))),
        .init(nodes: ["n3"], verdict: .goes, reason: .majority(.tooFew(.init(1, of: 3)))),
    ])

    static func console(_ width: Int, _ height: Int) -> Fixture {
        var console = Fixture(nodes: 3, width: width, height: height)
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = forecast
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
            let forecast = PartitionForecast(sides: [
                .init(nodes: ["n1"], verdict: first, reason: .manual),
                .init(nodes: ["n2"], verdict: second, reason: .split),
            ])
            return DisplayWords.english(.forecast(forecast, naming: true))
        }
        #expect(outcome(.goes, .stays) == "n2 stays (down-all: the cluster is split)")
        #expect(outcome(.asksFirst, .asksLater) == "n1 asks the lease first (manual: a person decides)")
        #expect(outcome(.asksLater, .asksLater) == "who gets the lease stays (manual: a person decides)")
        #expect(outcome(.goes, .goes) == "no node stays (manual: a person decides)")
        #expect(outcome(.waits, .waits) == "no node goes (manual: a person decides)")
        #expect(outcome(.stays, .stays) == "n1 and n2 stay (manual: a person decides)")
    }
}

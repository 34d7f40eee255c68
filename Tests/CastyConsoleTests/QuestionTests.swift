import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Destructive keys ask")
struct QuestionTests {
    @Test("Enter on a kill means Cancel")
    func defaultIsCancel() {
        var console = Fixture()
        console.forecasts = true
        #expect(console.type("K") == [])
        #expect(console.state.dialogs.modal != nil)
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.modal == nil)
    }

    @Test("y, or moving to the button, kills")
    func confirming() {
        var console = Fixture()
        console.forecasts = true
        console.press(.down)
        #expect(console.type("Ky") == [.submit(line: "kill n2")])
        console.type("K")
        #expect(console.press(.right, .enter) == [.submit(line: "kill n2")])
        console.type("K")
        #expect(console.press(.escape) == [])
        #expect(console.state.dialogs.modal == nil)
    }

    @Test("a kill that costs the majority wants the number typed")
    func majority() {
        var console = Fixture(nodes: 2)
        console.forecasts = true
        console.press(.down)
        console.type("K")
        #expect(console.text.contains("leaves 1 of 2 up: the rest goes too: n1"))
        #expect(console.text.contains("keep-majority: only 1 of 2 votes here"))
        #expect(console.text.contains("type 1, the number of nodes, and Enter:"))
        #expect(console.type("y") == [])
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.modal == nil)
        console.type("K1")
        #expect(console.press(.enter) == [.submit(line: "kill n2")])
    }

    @Test(
        "what becomes of the rest is what the strategy in use forecasts for it",
        arguments: [
            (PartitionForecast.Verdict.stays, "leaves 2 of 3 up: the rest goes on", false),
            (.asksLater, "leaves 2 of 3 up: the rest goes on with the lease", false),
            (.waits, "leaves 2 of 3 up: the rest waits", false),
            (.goes, "leaves 2 of 3 up: the rest goes too: n2 n3", true),
        ])
    func forecast(verdict: PartitionForecast.Verdict, text: String, wantsNumber: Bool) {
        var console = Fixture(nodes: 3)
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = PartitionForecast(sides: [
            .init(nodes: ["n1"], verdict: .goes, reason: .split),
            .init(nodes: ["n2", "n3"], verdict: verdict, reason: .manual),
        ])
        console.feed.take(snapshot)
        console.type("K")
        #expect(console.text.contains(text) && console.text.contains("a person decides"))
        #expect(!console.text.contains("the cluster is split"))
        #expect((console.type("y") == []) == wantsNumber)
    }

    @Test(
        "a question that was asked too early is completed by the forecast, unless the answer has begun",
        arguments: [false, true])
    func early(hasBegun: Bool) {
        var console = Fixture(nodes: 3)
        console.type("K")
        if hasBegun { console.type("1") }
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = console.cluster.forecast(cutting: ["n1"])
        console.feed.take(snapshot)
        let completed = console.state.completeQuestion(console.feed)
        #expect(completed == (hasBegun ? nil : []))
        #expect(console.text.contains("whether the rest goes on is not known yet") == hasBegun)
        let completedAgain = console.state.completeQuestion(console.feed)
        #expect(completedAgain == nil)
    }

    @Test("an early y counts once the forecast says that no number is wanted, and not otherwise", arguments: [3, 2])
    func earlyAnswer(nodes: Int) {
        var console = Fixture(nodes: nodes)
        #expect(console.type("Ky") == [])
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = console.cluster.forecast(cutting: ["n1"])
        console.feed.take(snapshot)
        let answered = console.state.completeQuestion(console.feed)
        #expect(answered == (nodes == 3 ? [.submit(line: "kill n1")] : []))
        #expect((console.state.dialogs.modal == nil) == (nodes == 3))
    }

    @Test("without a forecast for exactly these nodes the number is wanted", arguments: [nil, "n3"])
    func unknown(other: String?) {
        var console = Fixture(nodes: 3)
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = other.flatMap { console.cluster.forecast(cutting: [$0]) }
        console.feed.take(snapshot)
        console.type("K")
        #expect(console.text.contains("whether the rest goes on is not known yet"))
        #expect(console.type("y") == [])
    }

    @Test("what a kill leaves is counted among those that are up")
    func removedNodesDoNotCount() {
        var console = Fixture(nodes: 3)
        console.forecasts = true
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(40)
        console.press(.down)
        console.type("K")
        #expect(console.text.contains("leaves 1 of 2 up (and 1 unreachable)"))
        console.press(.escape)
        console.run(80)
        console.type("K")
        #expect(console.text.contains("leaves 1 of 2 up:"))
    }

    @Test("more than one node wants the number typed even with a majority")
    func several() {
        var console = Fixture(nodes: 7)
        console.forecasts = true
        console.press(.character(" "), .character(" "))
        console.type("K2")
        #expect(console.press(.enter) == [.submit(line: "kill n1,n2")])
    }

    @Test("a question at the bottom lapses after ten seconds")
    func lapse() {
        var console = Fixture()
        console.type("L")
        #expect(console.state.dialogs.question != nil)
        _ = console.state.tick(now: 9)
        #expect(console.state.dialogs.question != nil)
        let changed = console.state.tick(now: 10)
        #expect(changed && console.state.dialogs.question == nil)
        #expect(!console.type("y").contains(.submit(line: "leave n1")))
    }

    @Test("the screen wakes by itself for the end of a message and of a question, and else for nothing")
    func deadlines() throws {
        var console = Fixture()
        #expect(console.state.nextDeadline == nil)
        console.type("L")
        #expect(try #require(console.state.nextDeadline) == 10)
        _ = console.state.tick(now: 10)
        let end = try #require(console.state.nextDeadline)
        #expect(end > 10)
        let changed = console.state.tick(now: end)
        #expect(changed && console.state.nextDeadline == nil)
    }

    @Test("quitting asks; the second Ctrl-C within two seconds leaves at once")
    func quitting() {
        var console = Fixture()
        #expect(console.press(.character("q"), .enter) == [])
        #expect(console.type("qy") == [.quit])
        #expect(console.press(.control("c")) == [])
        #expect(console.press(.control("c")) == [.quit])
        var slow = Fixture()
        slow.press(.control("c"))
        _ = slow.state.tick(now: 5)
        #expect(slow.press(.control("c")) == [])
    }

    @Test("without confirmation nothing asks")
    func unconfirmed() {
        var console = Fixture()
        console.type(":set confirm off")
        console.press(.enter)
        #expect(console.type("K") == [.submit(line: "kill n1")])
    }
}

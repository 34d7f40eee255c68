import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("What destroys asks, however it is said")
struct AskingTests {
    private func typed(_ line: String, nodes: Int = 5, marks: Bool = false) -> (Fixture, [Intent]) {
        var console = Fixture(nodes: nodes)
        console.forecasts = true
        if marks { console.type("*") }
        console.type(":\(line)")
        let intents = console.press(.enter)
        return (console, intents)
    }

    @Test(
        "a line that kills, freezes, downs or ends the cluster wants the number typed",
        arguments: [
            ("kill all", 5, "kill n1,n2,n3,n4,n5"), ("kill n1,n2", 2, "kill n1,n2"),
            ("freeze n1,n2,n3", 3, "freeze n1,n2,n3"), ("leave all", 5, "leave n1,n2,n3,n4,n5"),
            ("down n4,n5", 2, "down n4,n5"), ("at +5s kill n1,n2,n3", 3, "at +5s kill n1,n2,n3"),
        ])
    func grave(line: String, count: Int, command: String) {
        var (console, intents) = typed(line)
        #expect(intents == [])
        #expect(console.text.contains("type \(count), the number of nodes"), "\(console.text)")
        #expect(console.press(.enter) == [])
        console.type(":\(line)")
        console.press(.enter)
        console.type("\(count)")
        #expect(console.press(.enter) == [.submit(line: command)])
    }

    @Test(
        "a line that is less grave asks for y",
        arguments: [
            ("kill n2", "kill n2"), ("leave n2", "leave n2"), ("restart n2", "restart n2"), ("down n2", "down n2"),
        ])
    func light(line: String, command: String) {
        var (console, intents) = typed(line)
        // The forecast arrives with the next frame.
        var snapshot = console.cluster.snapshot()
        snapshot.forecast = console.cluster.forecast(cutting: console.state.previewedPartition(console.feed))
        console.feed.take(snapshot)
        _ = console.state.completeQuestion(console.feed)
        #expect(intents == [])
        #expect(console.type("y") == [.submit(line: command)])
    }

    @Test("all marked and T asks for the number, one node that the others do without is frozen at once")
    func marks() {
        var console = Fixture()
        console.forecasts = true
        console.type("*T")
        #expect(console.text.contains("Freeze 5 nodes?") && console.text.contains("leaves no node"))
        console.type("5")
        #expect(console.press(.enter) == [.submit(line: "freeze n1,n2,n3,n4,n5")])
        var other = Fixture()
        other.forecasts = true
        #expect(other.type("T") == [.submit(line: "freeze n1")])
    }

    @Test(
        "what can be taken back, and what is refused anyway, does not ask",
        arguments: ["cut n1 | n2", "kill n9", "drain n1"])
    func harmless(line: String) {
        #expect(typed(line).1 == [.submit(line: line)])
    }

    @Test("loads are listed, named when quitting, and stopped")
    func loads() {
        var console = Fixture()
        console.type(":loads")
        console.press(.enter)
        #expect(console.text.contains("no load runs"))
        console.cluster.loads = [LoadSnapshot(number: 2, text: "200/s over 50 entities", until: .start + .seconds(90))]
        console.look()
        console.type(":loads")
        console.press(.enter)
        #expect(console.text.contains("load 2: 200/s over 50 entities until"))
        console.type("q")
        #expect(console.text.contains("load 2: 200/s over 50 entities until"))
        console.press(.escape)
        console.type("E")
        #expect(console.text.contains("stop ends 1 running load"))
        for _ in 0..<40 { console.press(.backspace) }
        console.type("stop")
        #expect(console.press(.enter) == [.submit(line: "load stop")])
    }

    @Test("a read-only console takes nothing back and does nothing again", arguments: ["undo", "redo", "kill n2"])
    func readOnly(line: String) {
        var console = Fixture()
        console.type(":readonly on")
        console.press(.enter)
        console.type(":\(line)")
        #expect(console.press(.enter) == [])
        #expect(console.text.contains("read-only (:readonly off)"))
    }

    @Test("to quit by a line asks as the key does")
    func quitByLine() {
        var console = Fixture()
        console.type(":quit")
        #expect(console.press(.enter) == [])
        #expect(console.text.contains("Leave the console?"))
        #expect(console.type("y") == [.quit])
    }
}

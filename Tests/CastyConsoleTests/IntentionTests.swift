import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Keys that come faster than frames")
struct IntentionTests {
    @Test("each quick press adds another node, and what is seen counts again")
    func starts() {
        var console = Fixture(nodes: 3)
        #expect(console.type("aaa") == [4, 5, 6].map { .submit(line: "start n\($0)") })
        for number in 4...6 { console.cluster.start(number) }
        console.look()
        #expect(console.type("a") == [.submit(line: "start n7")])
        // It never came: after a while its number is free again.
        _ = console.state.tick(now: 10)
        #expect(console.type("a") == [.submit(line: "start n7")])
        console.state.show(ConsoleMessage(.refused, "no"))
        #expect(console.type("a") == [.submit(line: "start n7")])
    }

    @Test("each quick press doubles the speed, and a pause is undone by the next press")
    func speed() {
        var console = Fixture()
        #expect(console.type("+++-") == ["2", "4", "8", "4"].map { .submit(line: "speed x\($0)") })
        #expect(console.type("pp") == [.submit(line: "pause"), .submit(line: "play")])
        console.cluster.speed = 4
        console.look()
        console.type("p")
        console.cluster.speed = 1
        console.cluster.paused = true
        console.look()
        #expect(console.type("+p") == [.submit(line: "speed x2"), .submit(line: "play")])
        console.cluster.paused = false
        console.look()
        #expect(console.type(".p") == [.submit(line: "step"), .submit(line: "play")])
    }
}

@Suite("Ways back")
struct WayBackTests {
    @Test(
        "Esc leaves the explanation for the pane that asked, and its place shows the former tab", arguments: ["", "3"])
    func whyAndBack(keys: String) {
        var console = Fixture()
        console.type(keys)
        let before = console.state.layout
        console.type("w")
        #expect(console.state.panes.focus == .why && console.state.layout.slots.contains { $0.shown == .why })
        console.press(.escape)
        #expect(console.state.layout == before)
        #expect(console.state.panes.focus == (keys.isEmpty ? .members : .shards))
    }

    @Test("from Flow through Why back to Flow")
    func formerTab() {
        var console = Fixture()
        console.type("87")
        console.press(.escape)
        #expect(console.state.panes.focus == .flow && console.state.layout.slots.contains { $0.shown == .flow })
    }

    @Test("nothing offers what no world carries out")
    func offers() {
        var console = Fixture()
        console.type("?record")
        #expect(console.text.contains("sign: recording"))
        console.press(.escape)
        console.type(":re")
        #expect(console.text.contains("restart") && !console.text.contains("record"))
    }
}

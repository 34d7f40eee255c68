import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("A console attached to a running cluster")
struct AttachedTests {
    /// Three nodes of which n3 is silent since 12:03:14, and n2 has never answered.
    private func console(width: Int = 120, height: Int = 40, retry: Bool = false) -> Fixture {
        var console = Fixture(nodes: 3, width: width, height: height, mode: .attached)
        console.run(40)
        var snapshot = console.cluster.snapshot()
        let since = snapshot.time - .seconds(1)
        let clock = WallClock(milliseconds: ((12 * 60 + 3) * 60 + 14) * 1000, at: since)
        let silent = retry ? ["n1", "n2", "n3"] : ["n2", "n3"]
        snapshot.nodes.removeAll { $0.name == "n2" }
        for index in snapshot.nodes.indices where silent.contains(snapshot.nodes[index].name) {
            snapshot.nodes[index].state = .silent
        }
        snapshot.observer = ObserverSnapshot(
            clock: clock, contact: "n1",
            silent: silent.map { .init(node: $0, since: $0 == "n2" ? nil : since) },
            retry: retry ? .init(since: since, at: snapshot.time + .milliseconds(1500), order: ["n1", "n2"]) : nil)
        console.feed.take(snapshot)
        return console
    }

    @Test("a node that does not answer is silent since a time of day, and nothing worse", arguments: [80, 120, 200])
    func silence(width: Int) {
        var console = console(width: width, height: width == 80 ? 24 : 60)
        console.state.selection.node = "n3"
        #expect(console.text.contains("n3 not answering since 12:03:14"))
        console.state.selection.node = "n2"
        #expect(console.text.contains("n2 has not answered yet"))
        for pane in Pane.allCases {
            console.state.focus(on: pane)
            for word in ["frozen", "downed itself", "dead", "†"] {
                #expect(!console.text.contains(word), "\(pane) says \(word)")
            }
        }
    }

    @Test("the pane Why says since when, and offers nothing that it cannot do")
    func why() {
        var console = console()
        console.state.selection.node = "n3"
        console.press(.character("w"))
        #expect(console.text.contains("not answering since 12:03:14; whether it runs is not known from here"))
        #expect(!console.text.contains("K kill"))
        #expect(!console.text.contains("restart"))
    }

    @Test("keys that act on the cluster or on virtual time are in no list", arguments: Pane.allCases)
    func keys(pane: Pane) {
        var console = console(width: 200, height: 60)
        console.state.focus(on: pane)
        let offered =
            Footer.hints(console.state).map(\.word)
            + HelpOverlay.matches(HelpState(pane: pane), .attached, .standard).map(\.word)
        for word in ["kill", "cut", "freeze", "pause", "speed", "undo", "redo", "spawn", "heal", "move"]
        where word != "move" || pane == .shards {
            #expect(!offered.contains(word))
        }
        #expect(offered.contains("quit"))
    }

    @Test("the palette offers no verb that is refused here, and says why a typed one is")
    func palette() {
        var console = console()
        let words = console.state.completions(of: "", console.feed).candidates
        #expect(words.contains("seek"))
        for word in ["kill", "cut", "freeze", "pause", "speed", "undo"] { #expect(!words.contains(word)) }
        #expect(words.contains("filter"))
        console.type(":kill n1")
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.flash?.text == "kill: attached as an observer, which changes nothing")
        console.type(":pause")
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.flash?.text == "pause: a running cluster has no virtual clock")
    }

    @Test("while no node answers, the last line counts down to the next attempt", arguments: [80, 120])
    func retries(width: Int) {
        let console = console(width: width, height: 24, retry: true)
        #expect(console.text.contains("connection lost, retrying in 2 s (n1, then n2)"))
        #expect(console.text.contains("[q]quit"))
        #expect(console.lines.first?.contains("none answers") == true)
        #expect(console.lines.first?.contains("lost at 12:03:14") == true)
    }
}

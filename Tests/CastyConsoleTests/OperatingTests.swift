import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("A console that operates a cluster of other processes")
struct OperatingTests {
    /// Three nodes named by their ports.
    private func console(
        _ mode: ConsoleMode = .operating, width: Int = 120, height: Int = 40, silent: Int? = nil,
        options: ConsoleOptions = .init()
    ) -> Fixture {
        var console = Fixture(nodes: 3, width: width, height: height, mode: mode, options: options)
        if let silent { console.cluster.silence(silent, .killed) }
        console.run(silent == nil ? 20 : 60)
        let rename: (String) -> String = { $0.hasPrefix("n") ? "2700\($0.dropFirst())" : $0 }
        var snapshot = console.cluster.snapshot()
        snapshot.nodes = snapshot.nodes.map { $0.renamed(rename) }
        let events = console.cluster.events.map { $0.renamed(rename) }
        console.feed = ConsoleFeed(keeping: .console)
        console.feed.take(snapshot, events: events)
        return console
    }

    @discardableResult
    private func line(_ text: String, _ console: inout Fixture) -> [Intent] {
        console.type(":" + text)
        return console.press(.enter)
    }

    private func said(_ console: Fixture) -> String { console.state.dialogs.flash?.text ?? "" }

    @Test("lines name nodes as the screen does, and shards get the type that it shows")
    func lines() {
        var console = console()
        let type = ShardReading.types(in: console.feed.snapshot)[0]
        #expect(line("drain 27001,27003", &console) == [.operate(.drain(["27001", "27003"]))])
        #expect(line("undrain 27002", &console) == [.operate(.undrain(["27002"]))])
        #expect(
            line("move shard 3 to 27002", &console) == [.operate(.move(type: type, shard: 3, to: "27002"))])
        #expect(line("pin shard 3 to 27002", &console) == [.operate(.pin(type: type, shard: 3, to: "27002"))])
        let types = ShardReading.types(in: console.feed.snapshot)
        #expect(line("rebalance pause", &console) == [.operate(.rebalance(types: types, .pause))])
        #expect(line("rebalance", &console) == [.operate(.rebalance(types: types, .now))])
        #expect(
            line("tell account-1..account-2 deposit 5", &console)
                == [.operate(.tell(["account-1", "account-2"], text: "deposit 5"))])
        #expect(
            line("ask account-7 balance within 3s", &console)
                == [.operate(.ask("account-7", text: "balance", within: .seconds(3)))])
        console.press(.down)
        #expect(line("drain cursor", &console) == [.operate(.drain(["27002"]))])
    }

    @Test("a move by the key m asks where to, and takes the names of the screen")
    func moveKey() {
        var console = console()
        let type = ShardReading.types(in: console.feed.snapshot)[0]
        console.state.focus(on: .shards)
        console.type("m27003")
        #expect(console.text.contains("27001"))
        let shard = console.state.selection.shard
        #expect(console.press(.enter) == [.operate(.move(type: type, shard: shard, to: "27003"))])
    }

    @Test("a member that has not answered this console yet may be asked to leave too: its answer says what came of it")
    func leaveUnheard() {
        var console = console()
        var snapshot = console.feed.snapshot
        snapshot.nodes.removeAll { $0.name == "27003" }
        snapshot.observer = ObserverSnapshot(
            clock: WallClock(milliseconds: 43_200_000, at: snapshot.time), contact: "27001",
            silent: [.init(node: "27003", since: nil)])
        console.feed.take(snapshot)
        console.type("GL")
        #expect(console.text.contains("let 27003 leave gracefully?"))
        #expect(console.type("y") == [.operate(.leave(["27003"]))])
    }

    @Test("leaving asks with the node's name, and half of the cluster or more wants the number typed")
    func leave() {
        var console = console()
        console.press(.down)
        #expect(console.type("L") == [])
        #expect(console.text.contains("let 27002 leave gracefully?"))
        #expect(console.type("n") == [])
        console.type("L")
        #expect(console.type("y") == [.operate(.leave(["27002"]))])

        console.press(.up)
        console.type("  L")
        #expect(console.text.contains("Leave with 2 nodes?"))
        #expect(console.text.contains("leaves 1 of 3 running"))
        #expect(console.text.contains("27001  "))
        #expect(console.press(.enter) == [], "Enter alone does nothing")
        console.type("L2")
        #expect(console.press(.enter) == [.operate(.leave(["27001", "27002"]))])
    }

    @Test("only what is unreachable is marked down, after a question")
    func down() {
        var console = console(silent: 3)
        #expect(console.type("D") == [])
        #expect(said(console).contains("only what is unreachable is marked down"), "\(said(console))")
        console.state.selection.node = "27003"
        #expect(console.type("D") == [])
        #expect(console.text.contains("mark 27003 down?"), "\(console.text)")
        #expect(console.type("y") == [.operate(.down(["27003"]))])
    }

    @Test(
        "what only the console's own clusters take is refused, by key, line and schedule",
        arguments: [
            ("kill 27001", "kill: not for other processes"), ("cut 27001 | 27002", "cut: not for other processes"),
            ("undo", "undo: not for other processes"),
            ("at +5s drain 27001", "at: not for other processes"), ("drain n1", "there is no node n1; there are 27001"),
            ("tell account-1 deposit 5 via 27001", "tell: via is for the console's own clusters"),
            ("tell account-1..account-5000 start", "tell: to at most 1000 entities"),
            ("pause", "pause: a running cluster has no virtual clock"),
        ])
    func refused(text: String, words: String) {
        var console = console()
        #expect(line(text, &console) == [])
        #expect(said(console).hasPrefix(words), "\(said(console))")
    }

    @Test("without the capability to operate the same keys and lines say that it is missing")
    func observes() {
        var console = console(.attached)
        for text in ["drain 27001", "move shard 3 to 27002", "ask account-7 balance", "rebalance"] {
            #expect(line(text, &console) == [])
            #expect(said(console).hasSuffix("attached as an observer: the capability operate is missing"))
        }
        for key in "LDe" {
            #expect(console.type("\(key)") == [])
            #expect(said(console).hasSuffix("the capability operate is missing"), "\(key): \(said(console))")
        }
        console.type("K")
        #expect(said(console) == "kill: attached as an observer, which changes nothing")
    }

    @Test("a read-only console changes nothing, whatever its credentials allow")
    func readOnly() {
        var options = ConsoleOptions()
        options.readOnly = true
        var console = console(options: options)
        #expect(line("drain 27001", &console) == [])
        #expect(said(console).contains("read-only"))
        #expect(console.type("L") == [])
        #expect(said(console).contains("read-only"))
    }

    @Test(
        "the last line, the help and the palette offer what can be done, and nothing else", arguments: [80, 120, 200])
    func offers(width: Int) {
        var console = console(width: width, height: width == 80 ? 24 : 60)
        let hints = Footer.hints(console.state).map(\.word)
        for word in ["leave", "down", "send", "quit"] { #expect(hints.contains(word), "\(hints)") }
        for word in ["kill", "freeze", "add", "cut", "load"] { #expect(!hints.contains(word), "\(hints)") }
        let help = HelpOverlay.matches(HelpState(pane: .shards), .operating, .standard).map(\.word)
        #expect(help.contains("move") && help.contains("leave") && !help.contains("kill"))
        let words = console.state.completions(of: "", console.feed).candidates
        #expect(words.contains("drain") && words.contains("ask") && !words.contains("kill"))
        #expect(line("drain 27001", &console).count == 1)
        #expect(console.state.completions(of: "drain 270", console.feed).candidates == ["27001", "27002", "27003"])
        #expect(console.lines.first?.contains("OPERATING") == true)
    }

    @Test("lines of the screen name nodes so too")
    func screen() {
        var console = console()
        line("follow 27003", &console)
        #expect(console.state.selection.node == "27003")
        line("view 27002", &console)
        #expect(console.state.view.observer == "27002")
        line("mark 27001,27002", &console)
        #expect(console.state.selection.marked == ["27001", "27002"])
    }
}

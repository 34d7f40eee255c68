import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The recorded past of a live cluster")
struct RecordedPastTests {
    /// Twenty seconds of a live cluster in which n3 is killed at 8 s.
    private func console(_ mode: ConsoleMode = .live, width: Int = 120, height: Int = 40) -> Fixture {
        var console = Fixture(width: width, height: height, mode: mode)
        console.run(80)
        console.cluster.silence(3, .killed)
        console.run(120)
        console.state.focus(on: .events)
        return console
    }

    private func isPast(_ console: Fixture) -> Bool { console.state.time.shown.isPast }

    /// The rows of all panes; the first row and the last are about the time that is shown.
    private func panes(_ console: Fixture) -> [Substring] { Array(console.lines.dropFirst().dropLast(2)) }

    @Test(
        "the arrows show all panes as they were a second before, and live goes on",
        arguments: [ConsoleMode.live, .attached])
    func scrub(mode: ConsoleMode) {
        var console = console(mode)
        #expect(console.press(.left) == [])
        #expect(console.lines[0].contains(" PAST "))
        #expect(console.lines[0].contains("1s ago, live goes on"))
        let shown = panes(console)
        console.run(50)
        #expect(panes(console) == shown)
        #expect(console.lines[0].contains("6s ago, live goes on"))
        console.press(.left, .left)
        #expect(console.lines[0].contains("8s ago"))
        console.press(.right)
        #expect(console.lines[0].contains("7s ago"))
    }

    @Test("what is shown of the past is what was shown then", arguments: [Pane.phi, .network, .gossip])
    func samePicture(pane: Pane) throws {
        var console = Fixture(mode: .live)
        console.state.focus(on: .events)
        func lines() -> [String] { PanePrint.lines(pane, console.feed, console.state) }
        var seen = [console.feed.snapshot.time: (snapshot: console.feed.snapshot, lines: lines())]
        for tenth in 0..<200 {
            if tenth == 80 { console.cluster.silence(3, .killed) }
            console.run(1)
            seen[console.feed.snapshot.time] = (console.feed.snapshot, lines())
        }
        var different = 0
        for _ in 1..<19 {
            console.press(.left)
            let shown = console.state.visible(console.feed).snapshot
            let then = try #require(seen[shown.time])
            #expect(shown == then.snapshot)
            if lines() != then.lines { different += 1 }
        }
        // The newest column of a curve may have grown further within its quarter of a second.
        #expect(different <= (pane == .phi ? 1 : 0))
    }

    @Test("End and Esc go back to live", arguments: [Key.end, .escape])
    func live(key: Key) {
        var console = console()
        console.press(.left, .left)
        #expect(isPast(console))
        console.press(key)
        #expect(!isPast(console))
        #expect(console.lines[0].contains(" LIVE "))
        #expect(console.state.dialogs.flash?.text == "live again")
    }

    @Test("going on past the newest moment is live again")
    func forward() {
        var console = console()
        console.press(.left, .right, .right)
        #expect(!isPast(console))
        console.press(.right)
        #expect(console.state.dialogs.flash?.text.contains("this is live") == true)
    }

    @Test("what would change the cluster is refused in the past, by key and by line")
    func refused() {
        var console = console()
        console.press(.left)
        for key in "KTaxHsu" {
            #expect(console.press(.character(key)) == [])
            #expect(console.state.dialogs.flash?.text.contains("this is the past") == true, "\(key)")
        }
        console.type(":kill n2")
        #expect(console.press(.enter) == [])
        #expect(
            console.state.dialogs.flash?.text
                == "kill: this is the past, which cannot be changed; End goes back to live")
        console.press(.end)
        console.type(":kill n2")
        #expect(console.press(.enter) != [] || console.state.dialogs.modal != nil)
    }

    @Test("virtual time stays refused, with its reason")
    func noClock() {
        var console = console()
        console.press(.left)
        for key in "p+" {
            console.press(.character(key))
            #expect(console.state.dialogs.flash?.text.contains("no virtual clock") == true)
        }
        console.press(.end)
        console.press(.character("."))
        #expect(console.state.dialogs.flash?.text == "step: LIVE mode has no virtual clock; start with --sim")
    }

    @Test("Enter on an event shows the moment at which it had just happened")
    func enter() throws {
        var console = console()
        let killed = try #require(console.feed.log.events.first { $0.kind == .nodeKilled })
        console.state.selection.event = console.feed.log.number(of: killed.id)
        console.press(.enter)
        let shown = console.state.visible(console.feed)
        #expect(shown.snapshot.time - killed.time >= .zero)
        #expect(shown.snapshot.time - killed.time < .milliseconds(300))
        #expect(shown.log.events.contains { $0.id == killed.id })
        #expect(!shown.log.events.contains { $0.kind == .memberUnreachable })
    }

    @Test("seek, back, step and bookmarks reach the recorded past, and its beginning is named")
    func lines() {
        var console = console(.attached)
        console.type(":seek 5s")
        console.press(.enter)
        #expect(console.state.visible(console.feed).snapshot.time == .start + .seconds(5))
        console.press(.character("b"), .end, .character("B"))
        console.press(.enter)
        #expect(console.state.visible(console.feed).snapshot.time == .start + .seconds(5))
        console.type(":back")
        console.press(.enter)
        #expect(console.state.visible(console.feed).snapshot.time == .start + .seconds(4))
        console.type(":step 2")
        console.press(.enter)
        #expect(console.state.visible(console.feed).snapshot.time == .start + .seconds(6))
        console.type(":back 100")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text.contains("what was recorded begins at 0.0") == true)
        console.type(":seek 1h")
        console.press(.enter)
        #expect(!isPast(console))
        console.type(":seek 1h")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text == "seek: that time has not come yet")
        #expect(!isPast(console))
    }

    @Test("a frozen view is not the past, and Ctrl-F lets it follow again")
    func frozen() {
        var console = console()
        console.press(.control("f"))
        #expect(console.lines[0].contains("VIEW FROZEN"))
        console.press(.control("f"))
        #expect(console.lines[0].contains(" LIVE "))
        console.press(.left, .control("f"))
        #expect(console.lines[0].contains(" LIVE "))
    }

    @Test("the curve of a dead node is there at the moment after its removal, though live has dropped it")
    func departed() throws {
        var console = console()
        let removed = try #require(console.feed.log.events.first { $0.kind == .memberRemoved }).time
        #expect(!console.feed.departed.of("n1").isEmpty)
        console.run(700)
        #expect(console.feed.departed.of("n1").isEmpty)
        console.type(":seek \(removed.nanoseconds / 1_000_000 + 1000)ms")
        console.press(.enter)
        #expect(!console.state.visible(console.feed).departed.of("n1").isEmpty)
    }

    @Test("a simulated run keeps no moments: it is turned back")
    func simulated() {
        let console = console(.simulated(seed: 1))
        #expect(console.feed.moments == nil)
    }
}

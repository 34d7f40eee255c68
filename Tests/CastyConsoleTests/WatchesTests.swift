import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("The watches on the screen")
struct WatchesTests {
    private func console(width: Int = 80, height: Int = 24, mode: ConsoleMode = .simulated(seed: 42)) -> Fixture {
        var console = Fixture(width: width, height: height, mode: mode)
        console.run(20)
        console.feed.watches = [
            WatchStatus(number: 1, line: "always converged", since: .start, isAwaited: false, broken: nil),
            WatchStatus(
                number: 3, line: "never member-unreachable", since: .start + .seconds(1), isAwaited: false,
                broken: .init(
                    time: .start + .milliseconds(1930), seen: "member-unreachable n3 on n1",
                    event: console.cluster.events.last?.id)),
        ]
        return console
    }

    private func open(_ console: inout Fixture) {
        console.press(.character(":"))
        console.type("watches")
        console.press(.enter)
    }

    @Test("the list says what is watched and what broke it", arguments: [(80, 24), (120, 40), (200, 60)])
    func list(width: Int, height: Int) {
        var console = console(width: width, height: height)
        open(&console)
        let top = console.lines.firstIndex { $0.contains("┏━ 2 watches") } ?? 0
        let box = console.lines[top...].prefix(8).map { line in
            line.drop { !"┏┃┗".contains($0) }.prefix { $0 != "│" }
        }
        #expect(box[1].contains("1  always converged"))
        #expect(box[2].contains("unbroken since 0.0"))
        #expect(box[3].contains("3  never member-unreachable"))
        #expect(box[4].contains("broken at 1.9: member-unreachable n3 on n1"))
        #expect(console.lines[0].contains("1 broken watch"))
    }

    @Test("an entry of the list leads to the event that broke it, and can be ended")
    func keys() {
        var console = console()
        open(&console)
        #expect(console.press(.character("x")) == [.submit(line: "watch off 1")])
        #expect(console.press(.down, .enter) == [])
        #expect(console.state.panes.focus == .events)
        let id = console.cluster.events.last?.id
        #expect(console.state.selection.event.flatMap { console.feed.log[$0]?.id } == id)
        #expect(console.state.dialogs.modal == nil)
    }

    @Test("without watches the list is a message")
    func none() {
        var console = Fixture()
        open(&console)
        #expect(console.state.dialogs.modal == nil)
        #expect(console.state.dialogs.flash?.text.hasPrefix("no watches") == true)
    }

    @Test("Esc ends a wait before anything else")
    func escape() {
        for mode in [ConsoleMode.live, .simulated(seed: 1)] {
            var console = Fixture(mode: mode)
            console.press(.character("*"))
            console.feed.watches = [
                WatchStatus(number: 1, line: "until n2 down", since: .start, isAwaited: true, broken: nil)
            ]
            #expect(console.press(.escape) == [.submit(line: "until off")])
            #expect(!console.state.selection.marked.isEmpty)
        }
    }

    @Test("live, conditions are waited for and watched; an observer says why it cannot")
    func modes() {
        for verb in [ConsoleVerb.until, .always, .never] {
            #expect(ConsoleMode.live.refusal(of: .console(verb)) == nil)
            #expect(ConsoleMode.attached.refusal(of: .console(verb))?.contains("own clusters only") == true)
        }
    }
}

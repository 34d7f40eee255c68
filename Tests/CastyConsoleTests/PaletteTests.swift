import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("The command line")
struct PaletteTests {
    @Test("a line of the scenario language goes to the world")
    func submits() {
        var console = Fixture()
        console.type(":cut n1,n2 | n3")
        #expect(console.press(.enter) == [.submit(line: "cut n1,n2 | n3")])
    }

    @Test("names for nodes are resolved")
    func aliases() {
        var console = Fixture()
        console.press(.down)
        console.type(":freeze cursor")
        #expect(console.press(.enter) == [.submit(line: "freeze n2")])
    }

    @Test("a line that cannot be read stays, with what is wrong with it, until it is mended")
    func nonsense() {
        var console = Fixture()
        console.state.confirms = false
        console.type(":kil n2")
        #expect(console.press(.enter) == [])
        let meant = console.lines.firstIndex { $0.contains("did you mean \"kill\"?") }
        let wrong = console.lines.firstIndex { $0.contains("\"kil\"") }
        #expect(console.text.contains(":kil n2") && meant != nil && wrong == meant.map { $0 + 1 })
        console.press(.home, .right, .right, .right)
        #expect(console.text.contains("did you mean"))
        console.type("l")
        #expect(!console.text.contains("did you mean"))
        #expect(console.press(.enter) == [.submit(line: "kill n2")])
        #expect(console.state.dialogs.modal == nil && console.state.dialogs.history == ["kill n2"])
    }

    @Test("what was expected is wrapped to the width", arguments: [40, 60, 80])
    func wrapped(width: Int) {
        var console = Fixture(width: width)
        console.type(":kill kenny")
        console.press(.enter)
        guard case .palette(let palette) = console.state.dialogs.modal, let problem = palette.problem else {
            Issue.record("the command line was closed")
            return
        }
        let lines = PaletteOverlay.lines(problem, min(width - 2, 90) - 6)
        #expect(lines.joined(separator: " ").contains(problem.expected ?? problem.what))
        #expect(lines.allSatisfy { line in console.text.contains(line) })
    }

    @Test("a prompt stays open with what is wrong")
    func promptStays() {
        var console = Fixture()
        console.type("E")
        console.press(.control("u"))
        console.type("often")
        #expect(console.press(.enter) == [])
        #expect(console.text.contains("load often") && console.text.contains("\"often\""))
    }

    @Test("the screen's own commands stay here")
    func ownCommands() {
        var console = Fixture()
        for line in ["focus events", "zoom", "view n2", "sort phi desc", "mark n3,n4", "readonly on"] {
            console.type(":" + line)
            #expect(console.press(.enter) == [])
        }
        #expect(console.state.panes.focus == .events)
        #expect(console.state.panes.zoomed)
        #expect(console.state.view.observer == "n2")
        #expect(console.state.view.sort == .phi && console.state.view.descending)
        #expect(console.state.selection.marked == ["n3", "n4"])
        console.type(":kill n1")
        #expect(console.press(.enter) == [])
        #expect(console.state.dialogs.flash?.text.contains("read-only") == true)
    }

    @Test("Tab completes, up recalls")
    func completionAndHistory() {
        var console = Fixture()
        console.type(":fre")
        console.press(.tab)
        console.type("n3")
        #expect(console.press(.enter) == [.submit(line: "freeze n3")])
        console.type(":")
        console.press(.up)
        #expect(console.press(.enter) == [.submit(line: "freeze n3")])
    }

    @Test("filters choose events, and Esc clears them")
    func filters() {
        var console = Fixture()
        console.type("6/n3")
        console.press(.enter)
        #expect(console.state.view.filters[.events] == "n3")
        let list = EventList(console.feed.log, console.state)
        #expect(list.entries.count == 2)
        console.press(.escape)
        #expect(console.state.view.filters[.events] == nil)
    }

    @Test("help filters by word and runs what Enter chooses")
    func help() {
        var console = Fixture()
        console.type("?freeze: alive")
        #expect(console.text.contains("freeze: alive but silent"))
        #expect(console.press(.enter) == [.submit(line: "freeze n1")])
    }
}

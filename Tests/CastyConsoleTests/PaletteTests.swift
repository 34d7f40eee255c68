import CastyInspection
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
        console.type(":kill cursor")
        #expect(console.press(.enter) == [.submit(line: "kill n2")])
    }

    @Test("nonsense is refused with what was expected")
    func nonsense() {
        var console = Fixture()
        console.type(":kill kenny")
        #expect(console.press(.enter) == [])
        #expect(console.state.flash?.kind == .refused)
    }

    @Test("the screen's own commands stay here")
    func ownCommands() {
        var console = Fixture()
        for line in ["focus events", "zoom", "view n2", "sort phi desc", "mark n3,n4", "readonly on"] {
            console.type(":" + line)
            #expect(console.press(.enter) == [])
        }
        #expect(console.state.focus == .events)
        #expect(console.state.zoomed)
        #expect(console.state.observer == "n2")
        #expect(console.state.sort == .phi && console.state.descending)
        #expect(console.state.marked == ["n3", "n4"])
        console.type(":kill n1")
        #expect(console.press(.enter) == [])
        #expect(console.state.flash?.text.contains("read-only") == true)
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
        #expect(console.state.filters[.events] == "n3")
        let list = EventList(console.feed.log, console.state)
        #expect(list.entries.count == 2)
        console.press(.escape)
        #expect(console.state.filters[.events] == nil)
    }

    @Test("help filters by word and runs what Enter chooses")
    func help() {
        var console = Fixture()
        console.type("?freeze: alive")
        #expect(console.text.contains("freeze: alive but silent"))
        #expect(console.press(.enter) == [.submit(line: "freeze n1")])
    }
}

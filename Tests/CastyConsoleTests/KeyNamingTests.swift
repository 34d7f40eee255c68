import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Keys that texts name")
struct KeyNamingTests {
    private static func options() -> ConsoleOptions {
        var options = ConsoleOptions()
        options.keys = [
            "undo": [.character("y")], "kill": [.character("%")], "mark": [.character("_")],
            "partition": [.character("^")], "load": [.character("~")],
        ]
        return options
    }

    @Test("a message of the run names the keys in use; unknown names stay")
    func messages() {
        var console = Fixture(options: Self.options())
        console.state.show(ConsoleMessage(.done, "again: kill n3 · {undo} undoes it {nothing} {"))
        #expect(console.state.dialogs.flash?.text == "again: kill n3 · y undoes it {nothing} {")
        #expect(KeyMap.standard.naming("{redo} and {undo}") == "U and u")
        #expect(KeyMap.withoutKeys("{redo} and {x}") == "redo and {x}")
    }

    @Test("captions name the keys in use")
    func captions() {
        var console = Fixture(options: Self.options())
        let isNews = console.state.show(Caption(title: "t", text: "{kill} kills a node", waits: true))
        #expect(isNews)
        #expect(console.text.contains("% kills a node"))
        let isNewsAgain = console.state.show(Caption(title: "t", text: "{kill} kills a node", waits: true))
        #expect(!isNewsAgain)
    }

    @Test("refusals name the keys in use")
    func refusals() {
        var console = Fixture(options: Self.options())
        console.type("r")
        #expect(console.state.dialogs.flash?.text == "restart: n1 is running; kill it (%) first")
        console.type("^")
        #expect(console.state.dialogs.flash?.text == "partition: mark one side first (_), then ^")
        console.type(":loads")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text == "no load runs; ~ starts one")
    }

    @Test("the next message and the next load begin with the last ones")
    func prompts() {
        var console = Fixture()
        console.run(5)
        console.type(":tell account-9 withdraw 3")
        console.press(.enter)
        console.type("e")
        #expect(console.text.contains("account-9 withdraw 3"))
        console.press(.escape)
        console.type(":load 7/s over 3 entities for 4s")
        console.press(.enter)
        console.type("E")
        #expect(console.text.contains("7/s over 3 entities for 4s"))
    }
}

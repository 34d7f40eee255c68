import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("The configuration of the console")
struct ConsoleConfigTests {
    private static let changed = """
        theme = "night"
        color = "16"
        glyphs = "ascii"
        fps = 5
        mouse = false
        readonly = true
        confirm = false
        [themes.night]
        base = "safe"
        up = "bright-green on 24 bold underline"
        down = "#ff8700"
        text = "bold"
        link-ok = "default"
        [themes."a \\"b\\""]
        [keys]
        kill = "Q"
        quit = ["Ctrl-X", "q"]
        copy = []
        mark = "Y"
        up = ["Up", "e"]
        send = "k"
        why = "\\\\"
        """

    @Test("without a word every setting is its default")
    func defaults() {
        #expect(ConsoleConfig("").options == ConsoleOptions())
        #expect(ConsoleConfig("").problems.isEmpty)
    }

    @Test("the printed defaults are read as the defaults, and say every setting, action and role")
    func roundTrip() {
        let text = ConfigText.text(of: ConsoleOptions())
        let config = ConsoleConfig(text)
        #expect(config.problems == [])
        #expect(config.options == ConsoleOptions())
        for setting in ConsoleConfig.Setting.allCases { #expect(text.contains("\n\(setting.rawValue) = ")) }
        for action in KeyMap.actions { #expect(text.contains("\n\(action.name) = ")) }
        for role in Role.allCases { #expect(text.contains("\n# \(role.configName) = ")) }
    }

    @Test("the printed form of changed settings is read as the same settings")
    func changedRoundTrip() {
        let config = ConsoleConfig(Self.changed)
        #expect(config.problems == [])
        #expect(config.options.theme.name == "night" && config.options.themes.count == 2)
        #expect(config.options.colours == .sixteen && config.options.glyphs == .ascii)
        #expect(config.options.framesPerSecond == 5 && !config.options.mouse)
        #expect(config.options.readOnly && !config.options.confirm)
        let again = ConsoleConfig(ConfigText.text(of: config.options))
        #expect(again.problems == [])
        #expect(again.options == config.options)
    }

    @Test("the printed examples of a theme are styles that can be read")
    func examples() {
        let lines = ConfigText.text(of: ConsoleOptions()).split(separator: "\n")
        let start = lines.firstIndex(of: "# [themes.night]") ?? lines.endIndex
        let theme = lines[start...].filter { !$0.hasPrefix("# A ") && $0 != "#" }.map { $0.dropFirst(2) }
        let config = ConsoleConfig(theme.joined(separator: "\n"))
        #expect(config.problems == [])
        #expect(config.options.themes.first?.inks.count == Role.allCases.count)
    }

    @Test(
        "an error in a setting names its line, and what was expected there",
        arguments: [
            ("a = 1", "1: a is no setting; expected theme, layout, color, glyphs, fps, mouse, readonly, confirm"),
            ("theme = \"x\"", "1: there is no theme \"x\"; expected standard, safe, bright, quiet, mono"),
            ("theme = 1", "1: theme is a number; expected a text in quotes"),
            ("fps = 61", "1: fps is no such number; expected frames a second, 1 to 60"),
            ("mouse = \"on\"", "1: mouse is a text; expected true or false"),
            ("color = \"8\"", "1: color cannot be \"8\"; expected \"auto\", \"never\", \"16\", \"256\""),
            ("[x]", "1: [x] is no table of this file; expected [keys], [layouts] or [themes.NAME]"),
            (
                "[keys]\nkil = \"K\"",
                "2: kil is no action of a key; expected one of those that casty console --print-config lists"
            ),
            ("[keys]\nkill = \"Ctrl-1\"", "2: \"Ctrl-1\" is no key; expected \(Key.nameForms)"),
            ("[keys]\nkill = 1", "2: a number is no key; expected \(Key.nameForms)"),
            ("[keys]\nkill = \"Ctrl-C\"", "2: Ctrl-C is always the key for quit; expected another key"),
            (
                "[keys]\nkill = \"Ctrl-I\"",
                "2: Ctrl-I cannot be told apart: a terminal sends it for Tab; expected another key"
            ),
            (
                "[keys]\n\nkill = \"L\"",
                "3: L is the key for leave too; expected a key that is free for kill, or another one for leave"
            ),
            ("[themes]", "1: a theme without a name; expected [themes.NAME]"),
            ("[themes.safe]", "1: safe is a built-in theme; expected another name, with base = \"safe\""),
            ("[themes.x]\nup = \"grue\"", "2: \"grue\" is no style; expected \(InkText.form)"),
            ("[themes.x]\nup = \"256\"", "2: \"256\" is no style; expected \(InkText.form)"),
        ])
    func errors(text: String, message: String) {
        let config = ConsoleConfig(text)
        #expect(config.problems.map(\.description) == [message])
    }

    @Test("all errors are reported, in the order of their lines")
    func several() {
        let config = ConsoleConfig("fps = 0\nmouse = 1\n[keys]\nx = \"y\"\n[nope]\n")
        #expect(config.problems.map(\.line) == [1, 2, 4, 5])
    }

    @Test("two actions can swap their keys")
    func swap() {
        let config = ConsoleConfig("[keys]\nkill = \"L\"\nleave = \"K\"")
        #expect(config.problems == [])
        var console = Fixture(options: config.options)
        console.press(.down)
        console.type("K")
        #expect(console.state.dialogs.question?.text.contains("leave") == true)
    }

    @Test("a changed key acts, its old one does not, and footer, help and hints show it")
    func remapped() throws {
        let config = ConsoleConfig(
            "[keys]\nadd = \"Y\"\nkill = [\"Delete\", \"C\"]\nquit = \"!\"\nhelp = \"H\"\nheal-all = \"M\"")
        #expect(config.problems == [])
        var console = Fixture(width: 120, height: 40, options: config.options)
        #expect(
            console.text.contains("[Y]add") && console.text.contains("[Delete]kill") && !console.text.contains("[K]"))
        #expect(console.lines[39].contains("[!]quit"))
        #expect(console.text.contains("M heal"))
        console.type("K")
        #expect(console.state.dialogs.modal == nil)
        #expect(console.state.dialogs.flash?.text.contains("H shows the keys") == true)
        console.press(.delete)
        guard case .confirm? = console.state.dialogs.modal else {
            Issue.record("the new key does nothing")
            return
        }
        console.press(.escape)
        console.type("H")
        console.type("crash")
        #expect(console.text.contains("Delete C"))
        var empty = Fixture(nodes: 0, options: config.options)
        #expect(empty.text.contains("no nodes yet: press Y"))
        empty.press(.control("c"))
        #expect(empty.press(.control("c")) == [.quit])
    }

    @Test("an action without a key is still in help, where Enter runs it")
    func withoutKey() {
        let config = ConsoleConfig("[keys]\nadd = []")
        #expect(config.problems == [])
        var console = Fixture(options: config.options)
        #expect(!console.text.contains("]add "))
        #expect(console.type("a").isEmpty)
        console.type("?")
        console.type("add a node")
        #expect(console.press(.enter) == [.submit(line: "start n6")])
    }

    @Test("an own theme colours its roles, and `set theme` finds it")
    func ownTheme() {
        let config = ConsoleConfig("[themes.night]\nbase = \"safe\"\nup = \"200 on 17 bold\"")
        #expect(config.problems == [])
        var console = Fixture(options: config.options)
        console.type(":set theme night")
        console.press(.enter)
        let styles = console.picture.cells.map(\.style)
        #expect(styles.contains(Style(foreground: 200, background: 17, attributes: .bold)))
        #expect(console.state.look.paint[.unreachable] == Paint(theme: Theme(.safe), depth: .all)[.unreachable])
        console.type(":set theme day")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text.contains("mono, night") == true)
    }

    @Test("fewer colours show an own style by the nearest one, and none by reversing a coloured ground")
    func depths() throws {
        let ink = try #require(InkText.parse("196 on 214 bold"))
        #expect(ink.style(at: .all) == Style(foreground: 196, background: 214, attributes: .bold))
        #expect([1, 9].contains(ink.style(at: .sixteen).foreground))
        #expect(ink.style(at: .none) == Style(attributes: [.bold, .reverse]))
        #expect(InkText.words(ink) == "196 on 214 bold")
    }

    @Test("every action has a name of its own, and each key of the table has a name that is read as that key")
    func names() {
        let bindings = KeyMap.standard.bindings
        var names: [String: Action] = [:]
        for binding in bindings {
            #expect(names[binding.action.name].map { $0 == binding.action } ?? true, "\(binding.action.name)")
            names[binding.action.name] = binding.action
            for key in binding.keys {
                #expect(Key(name: key.configName) == key && Key(name: key.name) == key, "\(key.name)")
            }
        }
        #expect(KeyMap.standard.conflicts == [])
    }
}

import Testing

@testable import CastyConsole

@Suite("Layouts of the user's own")
struct OwnLayoutTests {
    private static let file = """
        layout = "mine"

        [layouts]
        mine = "members phi | shards+network events"
        wide = "Flow"
        """

    @Test("a layout names rows, slots and tabs; the other panes are tabs of the last slot")
    func text() throws {
        let layout = try #require(OwnLayout(name: "mine", "members phi | shards+network events"))
        #expect(layout.rows == [[[.members], [.phi]], [[.shards, .network], [.events, .gossip, .why, .flow]]])
        #expect(OwnLayout(name: "mine", layout.text) == layout)
        for text in ["", "members |", "members members", "nonsense", "members+ phi", "| members"] {
            #expect(OwnLayout(name: "x", text) == nil, "\(text)")
        }
    }

    @Test("its slots tile the screen, or the usual layout does where they are too small")
    func tiles() throws {
        let layout = try #require(OwnLayout(name: "mine", "members phi shards | events | flow why"))
        for (width, height) in [(80, 24), (89, 30), (100, 31), (120, 40), (201, 61)] {
            let shown = Layout(
                width: width, height: height, focus: .members, recent: [.members], zoomed: false, preset: .own(layout))
            #expect(
                shown.slots.reduce(0) { $0 + $1.rect.width * $1.rect.height } == shown.body.width * shown.body.height)
            #expect(shown.slots.flatMap(\.panes).count == 8)
            let isOwn = width >= 100 && height >= 24
            #expect((shown.slots.count == 6) == (width >= 90 && isOwn), "\(width)x\(height)")
        }
    }

    @Test("the configuration sets and lists them, and reads again what it prints")
    func configuration() {
        let config = ConsoleConfig(Self.file)
        #expect(config.problems.isEmpty)
        #expect(config.options.layout.name == "mine" && config.options.layouts.map(\.name) == ["mine", "wide"])
        let again = ConsoleConfig(ConfigText.text(of: config.options))
        #expect(again.problems.isEmpty && again.options == config.options)
    }

    @Test(
        "errors say what is expected",
        arguments: [
            ("layout = \"x\"", "there is no layout \"x\""), ("[layouts]\nall = \"flow\"", "all is a built-in layout"),
            ("[layouts]\nx = \"flow flow\"", "\"flow flow\" is no layout"), ("[layouts]\nx = 3", "x is a number"),
        ])
    func errors(text: String, problem: String) {
        #expect(ConsoleConfig(text).problems.map(\.what) == [problem])
    }

    @Test("the console begins with it, Z goes through all, and set layout chooses one")
    func choosing() {
        var console = Fixture(width: 120, height: 40, options: ConsoleConfig(Self.file).options)
        #expect(console.state.layout.slots.map(\.shown) == [.members, .phi, .shards, .events])
        console.type("Z")
        #expect(console.state.panes.preset.name == "wide" && console.state.layout.slots.count == 1)
        console.type("Z")
        #expect(console.state.panes.preset == .all)
        console.type(":set layout mine")
        console.press(.enter)
        #expect(console.state.panes.preset.name == "mine")
        console.type(":set layout nothing")
        console.press(.enter)
        #expect(console.state.dialogs.flash?.text == "no layout nothing; there are all, rows, columns, mine, wide")
    }
}

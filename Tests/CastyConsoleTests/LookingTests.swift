import CastyObservability
import Testing

@testable import CastyConsole

@Suite("Layouts, details and following")
struct LookingTests {
    @Test("Z goes through the layouts, at every size, and all panes stay reachable")
    func presets() {
        var console = Fixture(width: 120, height: 40)
        console.type("Z")
        #expect(console.state.layout.slots.count == 2)
        #expect(console.state.layout.slots[0].rect.width == 120)
        console.type("Z")
        #expect(console.state.layout.slots.count == 2 && console.state.layout.slots[0].rect.width == 60)
        for width in stride(from: 1, through: 250, by: 9) {
            for height in stride(from: 1, through: 70, by: 3) {
                console.state.resize(width: width, height: height)
                #expect(console.picture.cells.count == width * height)
            }
        }
        console.state.resize(width: 120, height: 40)
        for pane in Pane.allCases {
            console.type("\(pane.rawValue)")
            #expect(console.state.layout.shows(pane))
        }
        console.type("Z")
        #expect(console.state.layout.slots.count == 5)
        console.state.resize(width: 60, height: 20)
        console.type("Z")
        #expect(console.state.dialogs.flash?.kind == .refused)
    }

    @Test("Why follows the cursor, until it is asked something")
    func follows() {
        var console = Fixture(width: 200, height: 60)
        console.press(.down)
        #expect(console.text.contains("n2 is up in the view of n1"))
        console.press(.down)
        #expect(console.text.contains("n3 is up in the view of n1"))
        console.type("w1")
        console.press(.down)
        #expect(console.text.contains("n3 is up in the view of n1"), "asked for with w")
        console.press(.escape)
        #expect(console.text.contains("n4 is up in the view of n1"))
    }

    @Test("i shows what is known of a node and of a shard")
    func details() {
        var console = Fixture(width: 120, height: 40)
        console.press(.down)
        console.type("i")
        #expect(console.text.contains("details of n2"))
        #expect(console.text.contains("127.0.0.2:25520") && console.text.contains("120 live, 0 messages queued"))
        console.type("3i")
        #expect(console.text.contains("shard 0 of account") && console.text.contains("account-0 active 12 handled"))
    }

    @Test("in Events, f keeps the node cursor on the node of the newest event")
    func newest() {
        var console = Fixture()
        console.type("6f")
        console.cluster.silence(3, .killed)
        console.look()
        let moves = console.state.follow(console.feed)
        #expect(moves)
        #expect(console.state.selection.node == "n3")
        console.type("f")
        console.cluster.silence(4, .frozen)
        console.look()
        let movesAgain = console.state.follow(console.feed)
        #expect(!movesAgain)
        #expect(console.state.selection.node == "n3")
    }
}

import CastyObservability
import Testing

@testable import CastyConsole

@Suite("What the cursor follows")
struct FollowTests {
    @Test("in Members it follows an incarnation, and says once that it has ended", arguments: [false, true])
    func incarnation(restarts: Bool) {
        var console = Fixture()
        console.run(5)
        console.press(.down, .down)
        console.type("f")
        #expect(console.state.dialogs.flash?.text == "follows this incarnation of n3, and says when it ends (f)")
        console.state.selection.node = "n5"
        let moved1 = console.state.follow(console.feed)
        #expect(moved1)
        #expect(console.state.selection.node == "n3")
        let moved2 = console.state.follow(console.feed)
        #expect(!moved2)
        console.cluster.silence(3, .killed)
        if restarts { console.cluster.start(3) }
        console.run(1)
        let moved3 = console.state.follow(console.feed)
        #expect(moved3)
        let end = restarts ? "a new one runs at its address" : "killed"
        #expect(
            console.state.dialogs.flash?.text
                == "the incarnation of n3 that the cursor followed has ended: \(end)")
        let moved4 = console.state.follow(console.feed)
        #expect(!moved4)
        #expect(console.state.view.following == nil)
    }

    @Test("a node that does not run is not followed")
    func dead() {
        var console = Fixture()
        console.cluster.silence(1, .killed)
        console.run(1)
        console.type("f")
        #expect(console.state.dialogs.flash?.text == "follow: no node under the cursor runs")
        #expect(console.state.view.following == nil)
    }

    @Test("in Events it follows the newest event, and the key ends that")
    func events() {
        var console = Fixture()
        console.run(5)
        console.type("6f")
        #expect(console.state.view.following == .newestEvent)
        console.cluster.silence(4, .killed)
        console.run(1)
        let moved5 = console.state.follow(console.feed)
        #expect(moved5)
        #expect(console.state.selection.node == "n4")
        console.type("f")
        #expect(console.state.view.following == nil)
    }
}

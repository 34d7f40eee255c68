import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The story on the screen")
struct StoryRowsTests {
    /// A console in which n3 was killed, this many tenths of a second ago.
    private static func killed(_ width: Int, _ height: Int, _ tenths: Int) -> Fixture {
        var console = Fixture(width: width, height: height)
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(tenths)
        return console
    }

    @Test(
        "stands above the key line in every layout, and fits",
        arguments: [(40, 12), (60, 20), (80, 24), (120, 40), (200, 60)])
    func everyLayout(width: Int, height: Int) {
        let console = Self.killed(width, height, 100)
        let layout = console.state.layout(console.feed)
        #expect(layout.story.height == (height < 16 ? 1 : width < 200 ? 2 : layout.story.height))
        #expect(layout.story.height >= 1 && layout.story.maxY == height - 1)
        #expect(layout.body.maxY == layout.story.y)
        let rows = (layout.story.y..<layout.story.maxY).map { String(console.lines[$0]) }
        #expect(rows.first?.hasPrefix(" x n3 killed 1.0 → ") == true)
        #expect(rows.joined().contains("12 shards"))
        #expect(width < 80 || rows.joined().contains("no message lost"))
    }

    @Test("goes dim at its end, and its rows go back to the panes after a while")
    func afterglow() {
        var console = Self.killed(80, 24, 100)
        #expect(console.feed.stories.stories.first?.isOpen == false)
        #expect(console.text.contains("n3 killed 1.0"))
        console.run(220)
        #expect(!console.text.contains("n3 killed 1.0"))
        #expect(console.state.layout(console.feed) == console.state.layout)
    }

    @Test("at three sizes it looks exactly so", arguments: [(80, 24), (120, 40), (200, 60)])
    func golden(width: Int, height: Int) {
        let console = Self.killed(width, height, 100)
        let layout = console.state.layout(console.feed)
        let rows = (layout.story.y..<layout.story.maxY).map { String(console.lines[$0]) }
        #expect(rows == StoryGolden.rows[width])
    }

    @Test("the pane Why tells the newest story by itself, oldest step first, and the older ones in a sentence each")
    func why() {
        var console = Self.killed(200, 60, 100)
        console.cluster.silence(5, .frozen)
        console.run(5)
        console.type("7z")
        let lines = console.lines.map(String.init)
        let steps = ["n5 frozen: alive, but silent", "earlier", "n3 killed 1.0 →"].map { text in
            lines.firstIndex { $0.contains(text) }
        }
        #expect(!steps.contains(nil) && steps.compactMap(\.self) == steps.compactMap(\.self).sorted())
        #expect(!console.text.contains("n1/"))
    }

    @Test("a click on the story opens it in the pane Why")
    func click() {
        var console = Self.killed(120, 40, 30)
        console.press(.press(x: 10, y: console.state.layout(console.feed).story.y))
        #expect(console.state.panes.focus == .why && console.text.contains("n3 killed: a crash, no goodbye"))
    }

    @Test("when time is turned back, the story is reported up to there")
    func rewind() {
        var console = Fixture()
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(5)
        let past = console.cluster
        console.run(95)
        console.feed.take(past.snapshot())
        #expect(console.feed.stories.stories.count == 1)
        let sentence = console.feed.stories.stories.first?.sentence(columns: 200, rows: 1).joined() ?? ""
        #expect(sentence.hasPrefix("n3 killed 1.0 → 12 shards wait for a new home"))
        var start = past
        start.now = .start
        console.feed.take(start.snapshot())
        #expect(console.feed.stories.stories.isEmpty)
    }
}

/// The rows of the story at three sizes, looked at once.
enum StoryGolden {
    static let rows = [
        80: [
            " x n3 killed 1.0 → suspected 3.5 → unreachable 3.5 (n2) → down 7.1 → 12 shards",
            "   to n1 n2 n4 n5; 168 entities gone until their next message; no message lost",
        ],
        120: [
            " x n3 killed 1.0 → suspected 3.5 → unreachable 3.5 (n2) → down 7.1 → 12 shards to n1 n2 n4 n5; 168 entities gone until",
            "   their next message; no message lost",
        ],
        200: [
            " x n3 killed 1.0 → suspected 3.5 → unreachable 3.5 (n2) → down 7.1 → 12 shards to n1 n2 n4 n5; 168 entities gone until "
                + "their next message; no message lost"
        ],
    ]
}

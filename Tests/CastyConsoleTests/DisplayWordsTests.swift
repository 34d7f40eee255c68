import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

/// The panes under another table of words: each letter of every word is replaced, so no word is left, and each has
/// the same width as before.
@Suite("Words that mean nothing")
struct DisplayWordsTests {
    static let nonsense = DisplayWords { term, name in
        String(DisplayWords.english(term, named: name).map { $0.isLetter ? "q" : $0 })
    }

    /// A story with a crash, a cut, moves of shards, losses and failed expectations.
    private static func story(width: Int, height: Int) -> Fixture {
        var console = Fixture(width: width, height: height)
        console.cluster.entities = 40
        console.run(10)
        console.cluster.silence(3, .killed)
        console.run(30)
        var cluster = console.cluster
        for (index, kind) in EventKind.allCases.enumerated() {
            cluster.note(
                "n\(1 + index % 2)", kind, subject: index % 3 == 0 ? "n2" : nil, shard: index % 4 == 0 ? index : nil,
                from: index % 5 == 0 ? "n1" : nil, to: index % 5 == 0 ? "n2" : nil,
                reason: reasons[index % reasons.count])
        }
        console.cluster = cluster
        console.look()
        var snapshot = console.cluster.snapshot()
        let (first, second) = (snapshot.nodes[0].node, snapshot.nodes[1].node)
        snapshot.forecast = ForecastTests.forecast
        for index in snapshot.nodes.indices {
            snapshot.nodes[index].membership.converged = false
            snapshot.nodes[index].membership.waitingFor = [Waiting(.notSeen(second), since: .start)]
            snapshot.nodes[index].membership.pendingLeaderActions = [.moveToUp(second)]
            snapshot.nodes[index].membership.downing = DowningSnapshot(
                strategy: "keep-majority", due: nil, down: [second], reason: .majority(.tooFew(.init(1, of: 3))))
            snapshot.nodes[index].sharding[0].storeTrouble = StoreTrouble(isReading: true, error: "full")
        }
        snapshot.nodes[0].sharding[0].coordinating = CoordinatorSnapshot(
            state: .holding, epoch: 1,
            handoffs: [
                ShardTransition(shard: 0, home: first, stage: .closing(to: second, waitingFor: [first])),
                ShardTransition(shard: 12, home: second, stage: .starting(after: first)),
            ])
        snapshot.crossings = FlowPaneTests.crossings
        console.feed.take(snapshot)
        return console
    }

    private static let reasons: [EventReason?] = [
        nil, .membership(.leaderAction(version: 5)), .membership(.join), .downing(.manual),
        .lost(.ledger(.mailboxFull)), .epoch(1 << 32), .forced, .unavailable(.noNode), .rule("S1"), .text("full"),
    ]

    @Test(
        "change no mark, no colour and no place of a cell in any pane",
        arguments: ["", "2", "3", "4", "5", "6", "7", "8", "w", "3w", "6w", "z", "2z", "3z", "6z", "7z", "K"])
    func classification(keys: String) {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            var plain = Self.story(width: width, height: height)
            plain.type(keys)
            var renamed = plain
            renamed.state.words = Self.nonsense
            let (before, after) = (plain.picture, renamed.picture)
            #expect(before.cells.map(\.style) == after.cells.map(\.style), "\(keys) at \(width)x\(height)")
            let isWord = { (cell: Cell) in UnicodeScalar(cell.scalar).map { Character($0).isLetter } ?? false }
            let moved = zip(before.cells, after.cells).count { old, new in
                old.scalar != new.scalar && !(isWord(old) && new.scalar == UnicodeScalar("q").value)
            }
            #expect(moved == 0, "\(keys) at \(width)x\(height)")
        }
        var words = Self.story(width: 200, height: 60)
        words.type(keys)
        let text = words.text
        words.state.words = Self.nonsense
        #expect(text != words.text, "some word is drawn")
    }

    @Test("change no filter by node, by kind and by level")
    func filters() {
        var console = Self.story(width: 120, height: 40)
        for level in EventKind.Level.allCases {
            for filter in ["n2", "member-unreachable", "!shard-moved", "n1/"] {
                console.state.view.level = level
                console.state.view.filters[.events] = filter
                console.state.words = .english
                let plain = EventList(console.feed.log, console.state).entries.map(\.number)
                console.state.words = Self.nonsense
                #expect(EventList(console.feed.log, console.state).entries.map(\.number) == plain, "\(level) \(filter)")
            }
        }
    }

    @Test("change no filter of messages by node and by kind")
    func messageFilters() {
        var console = Self.story(width: 120, height: 40)
        for filter in ["kind=gossip", "node=n2", "to=n3", "from=n1 !kind=heartbeat"] {
            console.state.view.filters[.flow] = filter
            console.state.words = .english
            let plain = FlowList(console.feed.snapshot, console.state).crossings
            console.state.words = Self.nonsense
            #expect(FlowList(console.feed.snapshot, console.state).crossings == plain, "\(filter)")
            #expect(!plain.isEmpty && plain.count < FlowPaneTests.crossings.count, "\(filter)")
        }
    }

    @Test("a shard is explained by its own transition only")
    func transition() {
        let console = Self.story(width: 120, height: 40)
        let scene = Scene(console.feed, console.state)
        for (shard, moving) in [(0, 1), (1, 0), (2, 0), (12, 1)] {
            let lines = WhyShard.lines(shard, scene).filter { $0.label == "moving" }
            #expect(lines.count == moving, "shard \(shard)")
        }
    }
}

import CastyCore
import CastyObservability
import Testing

@testable import CastyConsole

@Suite("The pane Flow") struct FlowPaneTests {
    /// One message of each fate.
    static let crossings: [MessageCrossing] = [
        crossing(1, "n1", "n3", .heartbeat(sequence: 7), .arrived(at: at(1_002))),
        crossing(2, "n3", "n1", .heartbeatAck(sequence: 7), .arrived(at: at(1_004))),
        crossing(3, "n2", "n1", .gossip(.state, version: 12), .lost(at: at(1_500), .receiverGone)),
        crossing(4, "n1", "n2", .sharding(.handOff, shard: 4), .inFlight),
        crossing(5, "n1", "n3", .envelope(entity: "account-9", shard: 4, isReturned: false), .queued),
    ]

    private static func at(_ milliseconds: Int64) -> Instant { .start + .milliseconds(milliseconds) }

    private static func crossing(
        _ id: UInt64, _ from: String, _ to: String, _ content: MessageContent, _ fate: MessageCrossing.Fate
    ) -> MessageCrossing {
        MessageCrossing(
            id: id, from: from, to: to, content: content, bytes: 40, sentAt: at(1_000 + Int64(id)), fate: fate)
    }

    private static func console(_ crossings: [MessageCrossing]? = crossings, keys: String = "8z") -> Fixture {
        var console = Fixture(nodes: 3, width: 120, height: 40)
        var snapshot = console.cluster.snapshot()
        snapshot.crossings = crossings
        console.feed.take(snapshot)
        console.type(keys)
        return console
    }

    private static func line(_ console: Fixture, _ text: String) -> String {
        console.lines.first { $0.contains(text) }.map(String.init) ?? ""
    }

    @Test("each message is an arrow from its sender to its receiver, the newest on top")
    func arrows() {
        var console = Self.console()
        console.state.view.messages = .all
        #expect(Self.line(console, "heartbeat 7").contains("├──────────────────────────────▶│"))
        #expect(Self.line(console, "ack of 7").contains("│◀──────────────────────────────┤"))
        #expect(Self.line(console, "gossip v12").contains("│✕──────────────┤"))
        #expect(Self.line(console, "gossip v12").contains("✕ lost"))
        #expect(Self.line(console, "hand off #4").contains("├┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈│"))
        #expect(Self.line(console, "account-9 #4").contains("├─  "))
        let order = console.lines.indices.filter {
            console.lines[$0].contains("1.00") && console.lines[$0].contains("│")
        }
        #expect(console.lines[order[0]].contains("account-9"))
        #expect(console.lines[order[4]].contains("heartbeat 7"))
    }

    @Test("the message under the cursor is reported in full, with the reason of its loss")
    func detail() {
        var console = Self.console()
        #expect(console.text.contains("n1 → n3  account-9 #4  40 bytes"))
        console.press(.down, .down)
        #expect(console.text.contains("n2 → n1  gossip v12  40 bytes"))
        #expect(console.text.contains("sent 1.003, lost 1.500: the receiver no longer ran"))
    }

    @Test("a filter by kind and node, and the key v, show fewer of them")
    func filters() {
        var console = Self.console()
        console.type("/kind=heartbeat to=n3")
        console.press(.enter)
        #expect(console.text.contains("heartbeat 7") && !console.text.contains("ack of 7"))
        console.press(.escape)
        #expect(console.state.view.messages == .withoutRoutine)
        #expect(!console.text.contains("heartbeat 7") && console.text.contains("gossip v12"))
        console.type("v")
        #expect(console.state.view.messages == .sharding)
        console.type("vv")
        #expect(console.state.view.messages == .all && console.text.contains("heartbeat 7"))
    }

    @Test("Enter explains the shard that a message is about, or the node that did not get it")
    func explained() {
        var console = Self.console()
        console.press(.enter)
        #expect(console.state.explanation.subject == .shard(4))
        console = Self.console()
        console.press(.down, .down, .enter)
        #expect(console.state.explanation.subject == .node("n1"))
    }

    @Test("it says why it is empty")
    func empty() {
        #expect(Self.console(nil).text.contains("messages are recorded while this pane is shown"))
        #expect(Self.console([]).text.contains("no message since this pane was opened"))
    }

    @Test("the messages are asked for only while the pane is on the screen")
    func onlyWhileShown() {
        var console = Self.console(keys: "")
        #expect(!console.state.showsMessages(console.feed))
        console.type("8")
        #expect(console.state.showsMessages(console.feed))
        console.type("6")
        #expect(!console.state.showsMessages(console.feed))
    }
}

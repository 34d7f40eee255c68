package import CastyObservability

/// What the console looks at and speaks to: a testbed, live or simulated, or a running cluster it is attached to.
///
/// All calls come from the console's own thread, several times a second, and return at once. Nothing waits: a line that is
/// submitted is answered later by a message.
package protocol ConsoleBackend: Sendable {
    /// In which world the nodes live.
    var mode: ConsoleMode { get }
    /// The name of the cluster or scenario, for the header line.
    var title: String { get }
    /// Whether something is being recorded; its file name.
    var recording: String? { get }

    /// The newest snapshot.
    func latest() -> ClusterSnapshot
    /// The events after a cursor; 0 is before the first.
    func events(after cursor: UInt64) -> EventPage
    /// What became of submitted lines, after a cursor; 0 is before the first.
    func messages(after cursor: UInt64) -> MessagePage
    /// Executes a line of the scenario language, or one of the console's verbs `pause`, `play`, `step`, `speed`, `back`, `seek`, `undo`,
    /// `save`.
    func submit(_ line: String)
    /// Says of which nodes a person thinks; the next snapshots tell what would come of cutting them off, where the backend can know.
    func previewPartition(cut nodes: [String])
}

extension ConsoleBackend {
    package var title: String { "casty" }
    package var recording: String? { nil }

    package func previewPartition(cut nodes: [String]) {}
}

/// In which world the nodes of a console live.
package enum ConsoleMode: Hashable, Sendable {
    case live
    case simulated(seed: UInt64)
    case attached

    /// Why a verb cannot act in this world, in a few words; `nil` where it can.
    package func refusal(of verb: String) -> String? {
        switch self {
        case .live:
            ["pause", "play", "step", "back", "speed", "seek"].contains(verb)
                ? "\(verb): LIVE mode has no virtual clock; start with --sim" : nil
        case .simulated: nil
        case .attached: "\(verb): attached as an observer, which changes nothing"
        }
    }
}

/// Some events, and where to go on.
package struct EventPage: Sendable {
    package var events: [RuntimeEvent]
    /// The cursor for the next call.
    package var next: UInt64
    /// How many events were overwritten before they were read.
    package var dropped: UInt64

    package init(events: [RuntimeEvent], next: UInt64, dropped: UInt64 = 0) {
        self.events = events
        self.next = next
        self.dropped = dropped
    }
}

/// Some messages, and where to go on.
package struct MessagePage: Sendable {
    package var messages: [ConsoleMessage]
    package var next: UInt64

    package init(messages: [ConsoleMessage], next: UInt64) {
        self.messages = messages
        self.next = next
    }
}

/// What became of a submitted line, in one line for the flash line.
package struct ConsoleMessage: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case done, note, refused }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

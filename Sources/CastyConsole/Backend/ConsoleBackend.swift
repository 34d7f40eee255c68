package import CastyObservability

/// The console's source of data and receiver of commands: a testbed, live or simulated, or a running cluster.
///
/// All calls come from the console's own thread, several times a second, and return at once. No call waits: the result
/// of a submitted line arrives later as a message.
package protocol ConsoleBackend: Sendable {
    /// The runtime of the nodes.
    var mode: ConsoleMode { get }
    /// The name of the cluster or scenario, for the header line.
    var title: String { get }
    /// The file name of the current recording; `nil` if there is none.
    var recording: String? { get }

    /// The newest snapshot.
    func latest() -> ClusterSnapshot
    /// The events after a cursor; 0 is before the first.
    func events(after cursor: UInt64) -> EventPage
    /// The results of submitted lines after a cursor; 0 is before the first.
    func messages(after cursor: UInt64) -> MessagePage
    /// Executes a line of the scenario language, or one of the console's verbs `pause`, `play`, `step`, `speed`,
    /// `back`, `seek`, `undo`, `save`.
    func submit(_ line: String)
    /// Requests a forecast for cutting these nodes off; the next snapshots contain it if the backend can compute it.
    func previewPartition(cut nodes: [String])
}

extension ConsoleBackend {
    package var title: String { "casty" }
    package var recording: String? { nil }

    package func previewPartition(cut nodes: [String]) {}
}

/// The runtime of the nodes that a console shows.
package enum ConsoleMode: Hashable, Sendable {
    case live
    case simulated(seed: UInt64)
    case attached

    /// Why a verb is not available in this mode, in a few words; `nil` if it is.
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

/// A page of events, and the cursor for the next one.
package struct EventPage: Sendable {
    package var events: [RuntimeEvent]
    /// The cursor for the next call.
    package var next: UInt64
    /// The number of events that were overwritten before they were read.
    package var dropped: UInt64

    package init(events: [RuntimeEvent], next: UInt64, dropped: UInt64 = 0) {
        self.events = events
        self.next = next
        self.dropped = dropped
    }
}

/// A page of messages, and the cursor for the next one.
package struct MessagePage: Sendable {
    package var messages: [ConsoleMessage]
    package var next: UInt64

    package init(messages: [ConsoleMessage], next: UInt64) {
        self.messages = messages
        self.next = next
    }
}

/// The result of a submitted line, as one line for the flash line.
package struct ConsoleMessage: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case done, note, refused }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

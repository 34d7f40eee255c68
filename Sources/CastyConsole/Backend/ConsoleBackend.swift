package import CastyCore
package import CastyObservability
package import CastyScenario

/// The console's source of data and receiver of commands: a testbed, live or simulated, or a running cluster.
///
/// All calls come from the console's own thread and return at once. No call waits: the result of a request arrives later
/// as a message.
package protocol ConsoleBackend: Sendable {
    /// The runtime of the nodes.
    var mode: ConsoleMode { get }
    /// The name of the cluster or scenario, for the header line.
    var title: String { get }
    /// The file name of the current recording; `nil` if there is none.
    var recording: String? { get }

    /// The latest note of a played script; `nil` if there is none.
    var caption: Caption? { get }
    /// How far a long run to another time is, as a line; `nil` if none is under way.
    var progress: String? { get }
    /// The conditions that are watched, in the order of their numbers.
    var watches: [WatchStatus] { get }
    /// The latest comparison of two futures; `nil` if there was none.
    var hypothesis: Hypothesis? { get }

    /// The latest time that a run has reached that can be turned back; `nil` where it cannot.
    var furthest: Instant? { get }

    /// What was before the newest snapshot, if the run has jumped to another time since the last call.
    func takePast() -> RecentPast?
    /// The newest snapshot.
    func latest() -> ClusterSnapshot
    /// The events after a cursor; 0 is before the first.
    func events(after cursor: UInt64) -> EventPage
    /// The results of requests after a cursor; 0 is before the first.
    func messages(after cursor: UInt64) -> MessagePage
    /// Sets what is called after a snapshot, an event or a message has changed: on any thread, and possibly less often
    /// than once for each change.
    func whenChanged(_ wake: @escaping @Sendable () -> Void)
    /// Carries out a request, in the order of the calls.
    func submit(_ request: ConsoleRequest)
    /// Carries out a command to a cluster of other processes.
    func operate(_ command: RemoteCommand)
    /// Requests a forecast for cutting these nodes off; the next snapshots contain it if the backend can compute it.
    func previewPartition(cut nodes: [String])
    /// Begins or ends to record the messages between the nodes; the next snapshots contain them if the backend can see
    /// them.
    func observeMessages(_ observes: Bool)
}

extension ConsoleBackend {
    package var title: String { "casty" }
    package var recording: String? { nil }
    package var caption: Caption? { nil }
    package var progress: String? { nil }
    package var watches: [WatchStatus] { [] }
    package var hypothesis: Hypothesis? { nil }
    package var furthest: Instant? { nil }

    package func takePast() -> RecentPast? { nil }
    // Only a console over other processes makes such commands.
    package func operate(_ command: RemoteCommand) {}
    package func previewPartition(cut nodes: [String]) {}
    package func observeMessages(_ observes: Bool) {}
}

/// What a person at a console asks of the cluster that it shows.
package enum ConsoleRequest: Hashable, Sendable {
    /// A command of the scenario language.
    case command(Command)
    /// A command to the run: its time, its faults, its record.
    case control(RunControl)

    /// The first word of the command.
    package var verb: PaletteVerb {
        switch self {
        case .command(let command): .scenario(command.verb)
        case .control(let control): .console(control.verb)
        }
    }
}

/// The runtime of the nodes that a console shows.
package enum ConsoleMode: Hashable, Sendable {
    case live
    case simulated(seed: UInt64)
    /// A cluster of other processes, with credentials to look on.
    case attached
    /// A cluster of other processes, with credentials to operate.
    case operating
    /// What an observer of a running cluster has recorded.
    case recording

    /// Whether the console can do everything with the cluster, also what breaks it.
    package var changesCluster: Bool {
        switch self {
        case .live, .simulated: true
        case .attached, .operating, .recording: false
        }
    }

    /// Whether the cluster's nodes are other processes.
    package var isAttached: Bool {
        switch self {
        case .attached, .operating: true
        case .live, .simulated, .recording: false
        }
    }

    /// Whether the cluster's time cannot be turned back, so that the console keeps moments of it.
    package var keepsMoments: Bool {
        switch self {
        case .live, .attached, .operating: true
        case .simulated, .recording: false
        }
    }

    /// Why a verb is not available in this mode, in a few words; `nil` if it is.
    package func refusal(of verb: PaletteVerb) -> String? {
        obstacle(to: verb).map { "\(verb.word): \($0)" }
    }

    private func obstacle(to verb: PaletteVerb) -> String? {
        switch (self, verb.need) {
        case (_, .screen), (_, .past), (.simulated, _), (.live, .cluster), (.recording, .clock), (.live, .conditions):
            nil
        case (.live, .clock): "LIVE mode has no virtual clock; start with --sim"
        case (.attached, .cluster):
            verb.canBeRemote
                ? "attached as an observer: the capability operate is missing"
                : "attached as an observer, which changes nothing"
        case (.operating, .cluster):
            verb.canBeRemote ? nil : "not for other processes; the console's own clusters take it"
        case (.attached, .clock), (.operating, .clock): "a running cluster has no virtual clock"
        case (.attached, .conditions), (.operating, .conditions), (.recording, .conditions):
            "conditions are checked in the console's own clusters only"
        case (.live, .copies): "only a simulated world can be copied; start with --sim"
        case (.attached, .copies), (.operating, .copies), (.recording, .copies): "only a simulated world can be copied"
        case (.recording, .cluster):
            "what was recorded has happened; casty replay --scenario goes on from here in the simulated world"
        }
    }
}

extension PaletteVerb {
    /// Whether it changes the cluster or takes back what was changed.
    var actsOnCluster: Bool { need == .cluster }

    /// Whether it is one that a cluster of other processes takes.
    fileprivate var canBeRemote: Bool {
        if case .scenario(let verb) = self { RemoteCommand.verbs.contains(verb) } else { false }
    }

    /// What a console needs for a verb.
    fileprivate enum Need { case cluster, clock, past, screen, conditions, copies }

    fileprivate var need: Need {
        switch self {
        case .scenario: .cluster
        case .console(let verb):
            switch verb {
            case .pause, .play, .speed: .clock
            case .until, .always, .never, .watch: .conditions
            case .whatIf: .copies
            case .step, .back, .seek: .past
            case .undo, .redo: .cluster
            case .save, .focus, .zoom, .filter, .sort, .follow, .view, .why, .goto, .mark, .loads, .export, .bookmark,
                .watches, .readonly, .help, .quit:
                .screen
            }
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

/// The result of a request, as one line for the flash line.
package struct ConsoleMessage: Hashable, Sendable, Codable {
    package enum Kind: Hashable, Sendable, Codable { case done, note, refused }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

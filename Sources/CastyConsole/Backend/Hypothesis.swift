package import CastyCore

/// Two futures of a simulated run, side by side: what `what-if` asks for.
package struct Hypothesis: Hashable, Sendable, Codable {
    /// One of the two.
    package struct Future: Hashable, Sendable, Codable {
        /// What happens at its begin: a command, or nothing.
        package var label: String
        /// How far it has come.
        package var now: Instant
        /// What came of it; `nil` while it is under way.
        package var outcome: FutureOutcome?

        package init(label: String, now: Instant, outcome: FutureOutcome? = nil) {
            self.label = label
            self.now = now
            self.outcome = outcome
        }
    }

    /// Counts the hypotheses of a session.
    package var number: Int
    package var from: Instant
    package var until: Instant
    /// How many later commands of the user are repeated in both.
    package var laterCommands: Int
    /// Whether a future begins with the whole run up to here, repeated with another setting.
    package var repeatsPast: Bool
    package var futures: [Future]

    package init(
        number: Int, from: Instant, until: Instant, laterCommands: Int, repeatsPast: Bool = false, labels: [String]
    ) {
        self.number = number
        self.repeatsPast = repeatsPast
        self.from = from
        self.until = until
        self.laterCommands = laterCommands
        futures = labels.map { Future(label: $0, now: from) }
    }

    package var isDone: Bool { futures.allSatisfy { $0.outcome != nil } }
}

/// What came of a future.
package struct FutureOutcome: Hashable, Sendable, Codable {
    /// The time at which something first happened to a node.
    package struct Moment: Hashable, Sendable, Codable {
        package var node: String
        package var time: Instant

        package init(node: String, time: Instant) {
            self.node = node
            self.time = time
        }
    }

    /// Whether every shard that is needed had a home that served it.
    package enum Service: Hashable, Sendable, Codable {
        case uninterrupted
        /// Not from a first time to a last one.
        case interrupted(from: Instant, to: Instant)
        /// Not at the end either; with what was observed.
        case ended(since: Instant, String)
    }

    /// How the repeated past, up to the begin of the comparison, relates to what really was.
    package enum Past: Hashable, Sendable, Codable {
        case same
        /// From this time on other things happened.
        case differs(since: Instant)
    }

    package struct Loss: Hashable, Sendable, Codable {
        package var reason: String
        package var count: Int

        package init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    /// The past, where it was repeated with another setting; `nil` where it is the run's own.
    package var past: Past?
    /// The nodes that are up at the end in their own view, and run.
    package var up: [String] = []
    /// The nodes that some running node cannot reach at the end.
    package var unreachable: [String] = []
    /// The nodes that have ended or hang at the end, with how.
    package var gone: [String] = []
    /// When nodes were first marked down, and removed.
    package var downed: [Moment] = []
    package var removed: [Moment] = []
    /// The envelopes lost meanwhile, by reason, the most frequent first.
    package var losses: [Loss] = []
    /// How many entities were awake at the begin and at the end.
    package var entitiesBefore = 0
    package var entitiesAfter = 0
    package var service = Service.uninterrupted
    /// How many shards have another home at the end than at the begin.
    package var moved = 0
    /// The leaders and coordinators in the views of the running nodes at the end.
    package var leaders: [String] = []
    package var coordinators: [String] = []
    /// Since when the running nodes have agreed; `nil` if they do not.
    package var convergedSince: Instant?
    /// The invariants that were violated meanwhile.
    package var violations = 0
    /// How many events there are, and their digest.
    package var events = 0
    package var digest: UInt64 = 0

    package init() {}

    package var lost: Int { losses.reduce(0) { $0 + $1.count } }
}

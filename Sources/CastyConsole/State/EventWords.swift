import CastyObservability

/// A line about an event: its mark and its colour by the facts, and its words.
struct EventWords: Sendable {
    let mark: String
    let role: Role
    /// The subject, in a few characters.
    let subject: String
    let what: String
    /// The cause; empty if it is unknown.
    let cause: String

    init(_ event: RuntimeEvent, _ log: EventLog, _ words: DisplayWords, group: EventLog.Group? = nil) {
        subject = Self.subject(of: event, group)
        what =
            event.kind == .messageLost
            ? LossWords(event, log.names).text(group?.count ?? 1, entity: event.entity)
            : words(
                .event(
                    EventPhrase(
                        event: event, observers: group?.observers ?? [], shards: group?.shards ?? [],
                        links: group?.links ?? [])))
        mark = Self.mark(of: event.kind)
        role =
            switch event.kind.level {
            case .debug: .eventDebug
            case .info: .eventInfo
            case .warning: .eventWarning
            case .fault: .eventFault
            }
        cause = Self.cause(of: event, log, words)
    }

    private static func subject(of event: RuntimeEvent, _ group: EventLog.Group? = nil) -> String {
        if let group, group.observers.count > 1, event.kind == .converged { return "all" }
        if let group, !group.links.isEmpty { return group.links.count == 1 ? event.from ?? "link" : "links" }
        if let group, group.shards.count > 1, event.subject == nil { return event.to ?? event.node }
        if event.kind == .messageLost { return event.node }
        if let shard = event.shard, event.subject == nil { return "#\(shard)" }
        return event.subject ?? event.node
    }

    private static func cause(of event: RuntimeEvent, _ log: EventLog, _ words: DisplayWords) -> String {
        if let actual = log.actualCause(behind: event) {
            let what = words(.cause(actual))
            let who = actual.isFromTestbed ? "you: \(what)" : "\(what) \(subject(of: actual))"
            return "\(who) \(Words.moment(actual.time))"
        }
        // The testbed also emits an event when a node stops by itself.
        guard let first = event.causes.first else {
            return event.isFromTestbed && event.kind != .nodeStopped ? "you" : ""
        }
        guard let cause = log.event(first) else { return "long ago" }
        // The word for an event about a shard names the shard.
        let names = cause.shard == nil ? " \(subject(of: cause))" : ""
        let what = cause.isFromTestbed ? "you: \(words(.cause(cause)))" : words(.cause(cause)) + names
        return "\(what) \(Words.moment(cause.time))"
    }

    static func mark(of kind: EventKind) -> String {
        switch kind {
        case .nodeStarted, .memberJoining, .memberWeaklyUp: ">"
        case .nodeKilled: "x"
        case .nodeFrozen: "z"
        case .nodeThawed: "~"
        case .nodeStopped, .memberRemoved: "-"
        case .cut: "/"
        case .healed, .linkRestored: "="
        case .linkImpaired: "%"
        case .memberUp, .memberReachable: "+"
        case .memberLeaving, .memberExiting: "<"
        case .memberDown, .downingDecision, .secondCluster: "#"
        case .suspected: "~"
        case .memberUnreachable, .shardUnplaced: "!"
        case .leaderChanged, .coordinatorStarted: "★"
        case .converged: "."
        case .shardAllocated, .shardStarted, .shardStopped: "·"
        case .handoffBegun, .shardMoved: "⇄"
        case .entityStarted, .entityPassivated, .entityStopped, .reply: "·"
        case .messageLost: "✕"
        case .expectationPassed: "+"
        case .expectationFailed, .invariantViolated: "!"
        case .note: "·"
        }
    }
}

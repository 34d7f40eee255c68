import CastyObservability

/// An event in a person's words.
struct EventWords: Sendable {
    let mark: String
    let role: Role
    /// The subject, in a few characters.
    let subject: String
    let what: String
    /// The cause; empty if it is unknown.
    let cause: String

    init(_ event: RuntimeEvent, _ log: EventLog, group: EventLog.Group? = nil) {
        subject = Self.subject(of: event, group)
        what = Self.what(event, group)
        mark = Self.mark(of: event.kind)
        role =
            switch event.kind.level {
            case .debug: .eventDebug
            case .info: .eventInfo
            case .warning: .eventWarning
            case .fault: .eventFault
            }
        cause = Self.cause(of: event, log)
    }

    private static func subject(of event: RuntimeEvent, _ group: EventLog.Group? = nil) -> String {
        if let group, group.observers.count > 1, event.kind == .converged { return "all" }
        if let group, !group.links.isEmpty { return group.links.count == 1 ? event.from ?? "link" : "links" }
        if let group, group.shards.count > 1, event.subject == nil { return event.to ?? event.node }
        if let shard = event.shard, event.subject == nil { return "#\(shard)" }
        return event.subject ?? event.node
    }

    private static func cause(of event: RuntimeEvent, _ log: EventLog) -> String {
        if let truth = log.truth(behind: event) { return "you: \(verb(truth)) \(Words.moment(truth.time))" }
        // The testbed also emits an event when a node stops by itself.
        guard let first = event.causes.first else {
            return event.node == "lab" && event.kind != .nodeStopped ? "you" : ""
        }
        guard let cause = log.event(first) else { return first.description }
        let what = cause.node == "lab" ? "you: \(verb(cause))" : "\(verb(cause)) \(subject(of: cause))"
        return "\(what) \(Words.moment(cause.time))"
    }

    /// A word for an event, to name it as a cause.
    static func verb(_ event: RuntimeEvent) -> String {
        switch event.kind {
        case .nodeStarted: "start \(event.subject ?? event.node)"
        case .nodeKilled: "kill \(event.subject ?? event.node)"
        case .nodeFrozen: "freeze \(event.subject ?? event.node)"
        case .nodeThawed: "thaw \(event.subject ?? event.node)"
        case .nodeStopped: "stop \(event.subject ?? event.node)"
        case .memberUnreachable: "unreachable"
        case .memberReachable: "reachable"
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved:
            String(event.kind.rawValue.dropFirst("member-".count))
        case .downingDecision: "decision"
        case .secondCluster: "second cluster"
        case .handoffBegun: "handoff"
        case .leaderChanged: "leads"
        case .cut, .healed, .suspected, .converged, .coordinatorStarted, .shardAllocated, .shardStarted,
            .shardStopped, .shardMoved, .shardUnplaced, .entityStarted, .entityPassivated, .entityStopped, .reply,
            .messageLost,
            .expectationPassed, .expectationFailed, .invariantViolated, .note:
            event.kind.rawValue
        }
    }

    private static func mark(of kind: EventKind) -> String {
        switch kind {
        case .nodeStarted, .memberJoining, .memberWeaklyUp: ">"
        case .nodeKilled: "x"
        case .nodeFrozen: "z"
        case .nodeThawed: "~"
        case .nodeStopped, .memberRemoved: "-"
        case .cut: "/"
        case .healed: "="
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

    private static func what(_ event: RuntimeEvent, _ group: EventLog.Group?) -> String {
        let reason = Self.reason(of: event).map { "  \($0)" } ?? ""
        let observer = by(event, group?.observers ?? [])
        let shard = shards(event, group)
        let route = [event.from.map { "from \($0)" }, event.to.map { "to \($0)" }].compactMap(\.self)
            .joined(separator: " ")
        let text = event.text.map { "  \($0)" } ?? ""
        return switch event.kind {
        case .nodeStarted: "started\(reason)\(text)"
        case .nodeKilled: "KILLED (crash)\(reason)\(text)"
        case .nodeFrozen: "FROZEN (silent)\(reason)\(text)"
        case .nodeThawed: "thawed\(reason)\(text)"
        case .nodeStopped: "stopped\(reason)\(text)"
        case .cut: "CUT \(links(event, group))\(reason)\(text)"
        case .healed: "healed \(links(event, group))\(reason)\(text)"
        case .memberJoining: "joining\(reason)\(observer)"
        case .memberWeaklyUp: "weakly up\(reason)\(observer)"
        case .memberUp: "up\(reason)\(observer)"
        case .memberLeaving: "leaving\(reason)\(observer)"
        case .memberExiting: "exiting\(reason)\(observer)"
        case .memberDown: "DOWN\(reason)\(observer)"
        case .memberRemoved: "removed\(reason)\(observer)"
        case .suspected: "suspected by \(event.node)\(reason)"
        case .memberUnreachable: "UNREACHABLE\(reason)\(observer)"
        case .memberReachable: "reachable again\(reason)\(observer)"
        case .leaderChanged: "leads the cluster\(reason)\(observer)"
        case .converged: "converged on \(event.text ?? event.reason ?? "one view")\(observer)"
        case .downingDecision: "decides\(reason)\(text)"
        case .secondCluster: "IN A SECOND CLUSTER\(text)\(observer)"
        case .coordinatorStarted: "coordinates the shards\(reason)\(text)"
        case .shardAllocated: "\(shard) allocated \(route)\(reason)"
        case .shardStarted: "\(shard) started\(reason)\(observer)"
        case .handoffBegun: "handoff of \(shard) \(route)\(reason)"
        case .shardStopped: "\(shard) stopped\(reason)\(observer)"
        case .shardMoved: "\(shard) moved \(route)\(reason)"
        case .shardUnplaced: "\(event.shard == nil ? "shards" : shard) WITHOUT A HOME\(text)\(observer)"
        case .entityStarted: "\(event.entity ?? "entity") started\(reason)\(observer)"
        case .entityPassivated: "\(event.entity ?? "entity") passivated\(reason)\(observer)"
        case .entityStopped: "\(event.entity ?? "entity") stopped\(reason)\(observer)"
        case .reply: "\(event.entity ?? "") replies \(event.reply ?? "")\(text)"
        case .messageLost: "LOST \(event.entity.map { "for \($0)" } ?? "")\(reason)\(text)"
        case .expectationPassed: "as expected\(text)\(reason)"
        case .expectationFailed: "NOT AS EXPECTED\(text)\(reason)"
        case .invariantViolated: "INVARIANT VIOLATED\(text)\(reason)"
        case .note:
            // An event about one entity names the entity and the reason.
            event.entity.map { "\($0)\(text)\(reason)" } ?? event.text ?? event.reason ?? ""
        }
    }

    /// The reason, worded so that it cannot be misread: a member that is up "leader, v5" is not the leader.
    private static func reason(of event: RuntimeEvent) -> String? {
        guard let reason = event.reason else { return nil }
        switch event.kind {
        case .memberJoining where reason == "join": return nil
        case .memberWeaklyUp, .memberUp, .memberExiting, .memberRemoved, .leaderChanged:
            return reason.hasPrefix("leader, ") ? "by the \(reason)" : reason
        default: return reason
        }
    }

    /// One shard by its number, several by the first one and their count.
    private static func shards(_ event: RuntimeEvent, _ group: EventLog.Group?) -> String {
        guard let group, group.shards.count > 1 else { return event.shard.map { "shard \($0)" } ?? "shard" }
        return "\(group.shards.count) shards"
    }

    /// The observers, if the event is an observation.
    private static func by(_ event: RuntimeEvent, _ observers: [String]) -> String {
        if observers.count > 1 { return "  (\(Words.list(ClusterReading.inOrder(observers), most: 5)))" }
        return event.node == "lab" || event.node == event.subject ?? event.node ? "" : "  (\(event.node))"
    }

    private static func links(_ event: RuntimeEvent, _ group: EventLog.Group?) -> String {
        if let group, group.links.count > 2 {
            return "\(group.links.count) links: \(Words.list(group.links, most: 6))"
        }
        if let group, group.links.count == 2 { return group.links.joined(separator: " ") }
        guard let from = event.from, let to = event.to else { return event.text == nil ? "all links" : "" }
        return "\(from)→\(to)"
    }
}

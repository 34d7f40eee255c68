import CastyCore
import CastyObservability
import CastyReporting

extension DisplayWords {
    /// The words of the console: this file and ``MessageContent``'s words beside it are the only ones that have them.
    package static let english = DisplayWords { term, name in
        switch term {
        case .event(let phrase): phrase.english
        case .cause(let event): event.verb
        case .reason(let reason): reason.word
        case .level(let level): level.word
        case .displayStatus(let displayStatus): displayStatus.word
        case .member(let status): status.description
        case .node(let state): state.rawValue
        case .shard(let state): state.rawValue
        case .entity(let state): state.rawValue
        case .coordinator(let state): state.rawValue
        case .association(let state): state.rawValue
        case .waiting(let waiting, let now): waiting.word(at: now, name)
        case .leaderAction(let action): action.word(name)
        case .downs(let nodes): nodes.isEmpty ? "nothing" : "down " + nodes.map(name).joined(separator: ",")
        case .downing(let reason, let isNaming): isNaming ? reason.word : reason.rule
        case .transition(let transition): transition.word(name)
        case .store(let trouble): trouble.word
        case .unavailable(let cause): cause.description
        case .forecast(let forecast, let isNaming): forecast.english(naming: isNaming)
        case .message(let content): content.english
        case .crossingLoss(let loss): loss.english
        }
    }
}

extension EventPhrase {
    fileprivate var english: String {
        let reason = reason.map { "  \($0)" } ?? ""
        let observer = by
        let shard = shardWords
        let route = [event.from.map { "from \($0)" }, event.to.map { "to \($0)" }].compactMap(\.self)
            .joined(separator: " ")
        let detail = event.detail?.word
        let text = detail.map { "  \($0)" } ?? ""
        return switch event.kind {
        case .nodeStarted: "started\(reason)\(text)"
        case .nodeKilled: "KILLED (crash)\(reason)\(text)"
        case .nodeFrozen: "FROZEN (silent)\(reason)\(text)"
        case .nodeThawed: "thawed\(reason)\(text)"
        case .nodeStopped: "stopped\(reason)\(text)"
        case .cut: "CUT \(linkWords)\(reason)\(text)"
        case .healed: "healed \(linkWords)\(reason)\(text)"
        case .linkImpaired: "SLOWED \(linkWords)\(text)"
        case .linkRestored: "\(linkWords) as usual again"
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
        case .converged: "converged on \(detail ?? event.reason?.word ?? "one view")\(observer)"
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
            event.entity.map { "\($0)\(text)\(reason)" } ?? detail ?? event.reason?.word ?? ""
        }
    }

    /// The reason, worded so that it cannot be misread: a member that is up by an action of the leader is not the
    /// leader.
    private var reason: String? {
        guard let reason = event.reason else { return nil }
        switch (event.kind, reason) {
        case (.memberJoining, .membership(.join)): return nil
        case (_, .membership(.leaderAction)), (_, .membership(.overdue)): return "by the \(reason.word)"
        default: return reason.word
        }
    }

    /// One shard by its number, several by the first one and their count.
    private var shardWords: String {
        shards.count > 1 ? "\(shards.count) shards" : event.shard.map { "shard \($0)" } ?? "shard"
    }

    /// The observers, if the event is an observation.
    private var by: String {
        if observers.count > 1 { return "  (\(Words.list(ClusterReading.inOrder(observers), most: 5)))" }
        return event.isFromTestbed || event.node == event.subject ?? event.node ? "" : "  (\(event.node))"
    }

    private var linkWords: String {
        if links.count > 2 { return "\(links.count) links: \(Words.list(links, most: 6))" }
        if links.count == 2 { return links.joined(separator: " ") }
        guard let from = event.from, let to = event.to else {
            return event.detail == nil || event.kind == .linkImpaired ? "all links" : ""
        }
        return "\(from)→\(to)"
    }
}

extension RuntimeEvent {
    private var shardWord: String { shard.map { "shard \($0)" } ?? "shards" }

    fileprivate var verb: String {
        switch kind {
        case .nodeStarted: "start \(subject ?? node)"
        case .nodeKilled: "kill \(subject ?? node)"
        case .nodeFrozen: "freeze \(subject ?? node)"
        case .nodeThawed: "thaw \(subject ?? node)"
        case .nodeStopped: "stop \(subject ?? node)"
        case .memberUnreachable: "unreachable"
        case .memberReachable: "reachable"
        case .memberJoining: "joining"
        case .memberWeaklyUp: "weakly-up"
        case .memberUp: "up"
        case .memberLeaving: "leaving"
        case .memberExiting: "exiting"
        case .memberDown: "down"
        case .memberRemoved: "removed"
        case .downingDecision: "decision"
        case .secondCluster: "second cluster"
        case .handoffBegun: "handoff of \(shardWord)"
        case .shardAllocated: "home chosen for \(shardWord)"
        case .shardStarted: "start of \(shardWord)"
        case .shardStopped: "stop of \(shardWord)"
        case .shardMoved: "move of \(shardWord)"
        case .shardUnplaced: "\(shardWord) without a home"
        case .coordinatorStarted: "coordinator"
        case .entityStarted: "start of \(entity ?? "an entity"), on"
        case .entityPassivated: "rest of \(entity ?? "an entity"), on"
        case .entityStopped: "stop of \(entity ?? "an entity"), on"
        case .messageLost: "lost"
        case .expectationPassed: "an expectation met"
        case .expectationFailed: "an expectation failed"
        case .invariantViolated: "a violated rule"
        case .note: leaseWait == nil ? "note" : "lease end"
        case .leaderChanged: "leads"
        case .linkImpaired: "link \(detail?.word ?? "")"
        case .linkRestored: "link reset"
        case .cut, .healed, .suspected, .converged, .reply: kind.rawValue
        }
    }
}

extension DisplayStatus {
    fileprivate var word: String {
        switch self {
        case .up: "up"
        case .unreachable: "unreachable"
        case .joining: "joining"
        case .leaving: "leaving"
        case .exiting: "exiting"
        case .down: "down"
        case .removed: "removed"
        case .unknown: "unseen"
        }
    }
}

extension EventKind.Level {
    fileprivate var word: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .fault: "fault"
        }
    }
}

extension PartitionForecast {
    fileprivate func english(naming: Bool) -> String {
        func reason(_ side: Side) -> String { " (\(naming ? side.reason.word : side.reason.rule))" }
        func word(_ sides: [Side], _ one: String, _ many: String) -> String {
            let names = sides.map { $0.nodes.joined(separator: ",") }.joined(separator: " and ")
            return "\(names) \(sides.count == 1 && sides[0].nodes.count == 1 ? one : many)"
        }
        let (stay, ask) = (sides.filter { $0.verdict == .stays }, sides.filter { $0.verdict == .asksFirst })
        if let first = stay.first { return word(stay, "stays", "stay") + reason(first) }
        if let first = ask.first {
            return word(ask, "asks the lease first", "ask the lease first") + reason(first)
        }
        if let later = sides.first(where: { $0.verdict == .asksLater }) {
            return "who gets the lease stays" + reason(later)
        }
        return (sides.contains { $0.verdict == .waits } ? "no node goes" : "no node stays")
            + (sides.first.map(reason) ?? "")
    }
}

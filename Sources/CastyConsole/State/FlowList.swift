import CastyObservability

/// The messages that the pane Flow shows, newest first.
struct FlowList: Sendable {
    let crossings: [MessageCrossing]

    init(_ snapshot: ClusterSnapshot, _ state: ConsoleState) {
        let filter = TextFilter(state.view.filters[.flow] ?? "")
        // Who asks for a kind wants to see it.
        let asksForKind = filter.keys.contains { "kind".hasPrefix($0) }
        let shown = asksForKind ? .all : state.view.messages
        crossings = (snapshot.crossings ?? []).reversed().filter { crossing in
            shown.contains(crossing.content)
                && (filter.isEmpty || filter.matches(Self.fields(crossing, state.words)))
        }
    }

    /// The texts that a filter is compared with, and their names.
    private static func fields(_ crossing: MessageCrossing, _ words: DisplayWords) -> [(key: String, value: String)] {
        var fields = [
            ("from", crossing.from), ("to", crossing.to), ("node", crossing.from), ("node", crossing.to),
            ("kind", crossing.content.kind.rawValue), ("what", words(.message(crossing.content))),
        ]
        if case .lost(_, let loss) = crossing.fate { fields.append(("lost", "lost \(words(.crossingLoss(loss)))")) }
        return fields
    }

    /// The index of a message; that of the nearest older one if it is hidden. 0 for the newest.
    func index(of id: UInt64?) -> Int {
        guard let id else { return 0 }
        // Numbers decrease from front to back.
        return min(crossings.firstIndex { $0.id <= id } ?? crossings.count - 1, max(0, crossings.count - 1))
    }
}

/// Which messages the pane Flow shows.
enum ShownMessages: Hashable, Sendable, CaseIterable {
    case all, withoutRoutine, sharding, gossip

    func contains(_ content: MessageContent) -> Bool {
        let kind = content.kind
        return switch self {
        case .all: true
        case .withoutRoutine: !Self.isRoutine(content)
        case .sharding: kind == .sharding || kind == .envelope || kind == .message
        case .gossip: kind == .gossip || kind == .membership
        }
    }

    /// What nodes send all the time though nothing changes: heartbeats, and hashes of what both know.
    private static func isRoutine(_ content: MessageContent) -> Bool {
        switch content {
        case .heartbeat, .heartbeatAck, .gossip(.status, _), .gossip(.acknowledged, _): true
        case .gossip, .membership, .sharding, .envelope, .message: false
        }
    }

    var name: String {
        switch self {
        case .all: "all messages"
        case .withoutRoutine: "without heartbeats"
        case .sharding: "shards and envelopes"
        case .gossip: "gossip and membership"
        }
    }

    var next: ShownMessages {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}

extension ConsoleState {
    /// The message under the cursor of the pane Flow, or the newest.
    func messageUnderCursor(_ feed: ConsoleFeed) -> MessageCrossing? {
        let list = FlowList(feed.snapshot, self)
        let index = list.index(of: selection.message)
        return list.crossings.indices.contains(index) ? list.crossings[index] : nil
    }
}

extension MessageCrossing {
    /// What explains it: the shard that it concerns, the node that did not get it, or the one that sent it.
    var subject: WhySubject {
        switch (content, fate) {
        case (.envelope(_, let shard, _), _), (.sharding(_, let shard?), _): .shard(shard)
        case (_, .lost): .node(to)
        case (_, .queued): .node(to)
        case (_, .inFlight), (_, .arrived): .node(from)
        }
    }

    /// One line about it, for the clipboard.
    func line(_ words: DisplayWords) -> String {
        let route = "\(Words.precise(sentAt)) \(from) → \(to) \(words(.message(content))) \(bytes) bytes"
        return switch fate {
        case .queued: "\(route), waits for a connection"
        case .inFlight: "\(route), under way"
        case .arrived(let at): "\(route), arrived \(Words.precise(at))"
        case .lost(let at, let loss): "\(route), lost \(Words.precise(at)): \(words(.crossingLoss(loss)))"
        }
    }
}

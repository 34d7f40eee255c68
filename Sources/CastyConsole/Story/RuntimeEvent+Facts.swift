import CastyCore
import CastyObservability
import CastyReporting

/// The facts of events that a story needs.
extension RuntimeEvent {
    /// The node concerned.
    var concerned: String { subject ?? node }

    /// The reason and the details in words.
    var reasonWords: String? { reason?.word }
    var detailWords: String? { detail?.word }

    /// Whether a person said so to the node.
    var isCommanded: Bool { if case .membership(.command)? = reason { true } else { false } }

    /// Whether a person or a scenario did it. The testbed also tells of what happened by itself: that a node ended, or
    /// that a message was lost.
    var isByPerson: Bool {
        switch kind {
        case .nodeStarted, .nodeKilled, .nodeFrozen, .nodeThawed, .cut, .healed, .linkImpaired, .linkRestored:
            isFromTestbed
        default: isCommanded
        }
    }

    /// The nodes that a downing decision removes.
    var downedNodes: [String] {
        guard kind == .downingDecision, case .downs(let nodes)? = detail else { return [] }
        return nodes
    }

    /// The end of the lease that shards of a removed node wait for, and their number.
    var leaseWait: (shards: Int, until: Instant)? {
        guard case .sharding(_, .waitsForLease(let shards, let until))? = detail else { return nil }
        return (shards, until)
    }

    /// Whether a node stops serving because its own lease has ended.
    var isLeaseLapse: Bool { if case .sharding(_, .leaseLapsed)? = detail { true } else { false } }

    /// Whether a handoff empties a node that stays a member.
    var isDrain: Bool { kind == .handoffBegun && reason == .move(.drain) }

    /// Whether a person moves a shard.
    var isMoveByHand: Bool { kind == .handoffBegun && (reason == .move(.command) || reason == .move(.pin)) }

    /// The shard type of an event about a shard.
    var shardType: String {
        switch detail {
        case .type(let type)?, .unplaced(let type, _)?: type
        default: ""
        }
    }

    /// The host and port of the node that a lost message was sent to: from `casty://name@host:port/path`.
    var lostAddress: Substring? {
        guard let to, let at = to.firstIndex(of: "@") else { return nil }
        return to[to.index(after: at)...].prefix { $0 != "/" }
    }
}

/// The parts of a downing decision's reason: `keep-majority: 4 of 5 votes stay`.
struct DowningWords: Hashable, Sendable {
    let strategy: String
    let explanation: String
    /// `4 of 5`, if the explanation counts votes.
    let votes: String?

    init(_ reason: String) {
        let parts = reason.split(separator: ":", maxSplits: 1)
        strategy = parts.first.map(String.init) ?? reason
        explanation = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        let words = explanation.split(separator: " ")
        let of = words.indices.first { index in
            words[index] == "of" && index > 0 && index + 1 < words.count && Int(words[index - 1]) != nil
                && Int(words[index + 1]) != nil
        }
        votes = of.map { "\(words[$0 - 1]) of \(words[$0 + 1])" }
    }

    /// `keep-majority, 4 of 5`.
    var brief: String { votes.map { "\(strategy), \($0)" } ?? strategy }
}

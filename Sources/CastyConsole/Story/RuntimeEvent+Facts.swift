import CastyCore
import CastyObservability

/// The facts that events carry only as text. Every reading of such text for a story is here.
extension RuntimeEvent {
    /// The node concerned.
    var concerned: String { subject ?? node }

    /// Whether a person or a scenario did it.
    var isByPerson: Bool { node == "lab" }

    /// The nodes that a downing decision removes: from `down n1,n2`.
    var downedNodes: [String] {
        guard kind == .downingDecision, let text, text.hasPrefix("down ") else { return [] }
        return text.dropFirst("down ".count).split(separator: ",").map(String.init)
    }

    /// The end of the lease that shards of a removed node wait for, and their number.
    var leaseWait: (shards: Int, until: Instant)? {
        guard kind == .note, let text, let wait = text.firstRange(of: " wait for its lease to end, until ") else {
            return nil
        }
        let words = text[..<wait.lowerBound].split(separator: " ")
        guard words.count >= 2, let shards = Int(words[words.count - 2]) else { return nil }
        guard let seconds = text[wait.upperBound...].split(separator: " ").first.flatMap({ Double($0) }),
            seconds >= 0, seconds < 1e9
        else { return nil }
        return (shards, Instant(nanoseconds: Int64((seconds * 1_000_000_000).rounded())))
    }

    /// Whether a node stops serving because its own lease has ended.
    var isLeaseLapse: Bool { kind == .note && reason == "lease" }

    /// Whether a handoff empties a node that stays a member.
    var isDrain: Bool { kind == .handoffBegun && reason == "drain" }

    /// The shard type of an event about a shard.
    var shardType: String { text ?? "" }

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

import CastyObservability

/// The results of a load.
package struct LoadSummary: Sendable {
    /// A reply, or a final balance, that contradicts the ledger.
    package struct Contradiction: Sendable, Hashable, CustomStringConvertible {
        package let entity: String
        package let message: String

        package var description: String { "\(entity): \(message)" }
    }

    /// Requests sent, without the opening and closing reads.
    package var sent = 0
    package var acknowledged = 0
    /// Definitely not handled.
    package var refused = 0
    /// Possibly handled.
    package var unknown = 0
    /// Requests that were due but not sent, because no node was connected or the entity had too many open requests.
    package var heldBack = 0
    package var latency = LatencyHistogram()
    /// The longest time without an acknowledgement.
    package var longestGap = Duration.zero
    /// The reasons for refusals and unknown outcomes, with their counts.
    package var reasons: [String: Int] = [:]
    /// The contradictions in words, at most ``mostKept`` of them.
    package var contradictions: [Contradiction] = []
    package var contradictionCount = 0
    /// Entities that could not be read at the end.
    package var unread: [String] = []
    /// The sums at the end over all entities that were read; only with ledgers.
    package var balances: Int?
    package var acknowledgedBalances: Int?
    package var attemptedBalances: Int?
    /// The histories that were kept whole and checked at the end, the requests in them, and how many of them are not
    /// linearizable; 0 without ledgers, and for a load that is too long to keep.
    package var histories = 0
    package var operations = 0
    package var nonlinearizable = 0
    /// Whether no node has ever answered.
    package var neverConnected = false

    package static let mostKept = 20

    /// Whether no reply contradicted a ledger and every entity could be read at the end.
    package var isConsistent: Bool { contradictionCount == 0 && unread.isEmpty }

    mutating func contradict(_ entity: String, _ message: String) {
        contradictionCount += 1
        if contradictions.count < Self.mostKept {
            contradictions.append(Contradiction(entity: entity, message: message))
        }
    }

    /// One line of JSON.
    package var json: String {
        var line = JSONLine()
        line.add("event", "load")
        line.add("status", neverConnected ? "unanswered" : isConsistent ? "passed" : "failed")
        line.add("sent", sent)
        line.add("acknowledged", acknowledged)
        line.add("refused", refused)
        line.add("unknown", unknown)
        line.add("held_back", heldBack)
        line.add("p50_ms", raw: Self.milliseconds(latency.percentile(0.5)))
        line.add("p99_ms", raw: Self.milliseconds(latency.percentile(0.99)))
        line.add("max_ms", raw: Self.milliseconds(latency.longest))
        line.add("longest_gap_ms", raw: Self.milliseconds(longestGap))
        line.add("balances", balances)
        line.add("acknowledged_balances", acknowledgedBalances)
        line.add("attempted_balances", attemptedBalances)
        line.add("histories", histories)
        line.add("operations", operations)
        line.add("nonlinearizable", nonlinearizable)
        line.add("contradictions", contradictionCount)
        line.add("first_contradictions", contradictions.map(\.description))
        line.add("unread", unread)
        line.add("reasons", reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
        return line.text
    }

    /// Milliseconds with three digits, or `null`.
    package static func milliseconds(_ duration: Duration?) -> String {
        guard let duration else { return "null" }
        let (seconds, attoseconds) = duration.components
        let micros = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let rest = String(micros % 1000)
        return "\(micros / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}

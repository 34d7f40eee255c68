import CastyCore

/// What the sender of a stream does about segments that were lost.
///
/// - A later segment that gets through tells of those lost before it: they are sent again at once, after a round trip
///   and a quarter. So a stream with traffic on it rarely waits for a timeout. (RFC 8985, RACK: loss is told by the
///   time of sending, so that a lost repetition is noticed in the same way.)
/// - When nothing tells of it, the last one lost is sent again after the timeout of a round trip and 200 ms: the tail
///   loss probe (RFC 8985, TLP; for a lone segment Linux puts it at the retransmission timeout).
/// - After that each timeout repeats the first one lost, and doubles the timeout (RFC 6298, 5.5; the 200 ms are
///   `TCP_RTO_MIN` of Linux). Then nothing else is sent before an acknowledgement, because the congestion window is one
///   segment (RFC 5681, 3.1). So a few losses in a row still stall a stream for seconds.
///
/// Simpler than TCP: the round trip is known instead of measured, the congestion window matters only after a timeout,
/// and only acknowledgements that tell of a gap can be lost, because each later one says what a lost one would have
/// said.
struct Recovery {
    private struct Missing {
        let number: Int
        /// When it was last sent; `nil` where it was held back.
        var sentAt: Int64?
    }

    /// In the order of their numbers.
    private var missing: [Missing] = []
    private var expiries = 0
    /// Whether nothing new may be sent.
    private(set) var isStopped = false
    var timer: EventTicket?

    var hasMissing: Bool { !missing.isEmpty }

    /// How long the sender waits from now on until it sends something again unasked.
    func timeout(roundTrip: Int64) -> Int64 {
        (roundTrip + SimulatedLimits.retransmission.nanoseconds) << Int64(min(max(expiries - 1, 0), 9))
    }

    /// Holds a new segment back.
    mutating func add(_ number: Int) { missing.append(Missing(number: number)) }

    /// A segment was sent and lost.
    mutating func lost(_ number: Int, at now: Int64) {
        if let index = missing.firstIndex(where: { $0.number == number }) {
            missing[index].sentAt = now
        } else {
            missing.append(Missing(number: number, sentAt: now))
        }
    }

    /// A segment was sent and will arrive. Returns whether it had been lost or held back before.
    mutating func gotThrough(_ number: Int) -> Bool {
        guard let index = missing.firstIndex(where: { $0.number == number }) else { return false }
        missing.remove(at: index)
        return true
    }

    /// The timeout has passed. Returns what to send.
    mutating func expired() -> Int? {
        guard hasMissing else { return nil }
        expiries += 1
        if expiries == 1 { return missing.last?.number }
        isStopped = true
        return missing.first?.number
    }

    /// A segment sent again has arrived, or one that had been held back. Returns what to send.
    mutating func acknowledged(_ number: Int, sentAt: Int64) -> [Int] {
        guard missing.allSatisfy({ number < $0.number }) else { return overdue(at: sentAt) }
        defer { (expiries, isStopped) = (0, false) }
        return isStopped ? missing.map(\.number) : overdue(at: sentAt)
    }

    /// What was sent before something that has arrived, and has not arrived.
    func overdue(at sentAt: Int64) -> [Int] {
        if isStopped { return [] }
        return missing.filter { missing in missing.sentAt.map { $0 < sentAt } ?? true }.map(\.number)
    }
}

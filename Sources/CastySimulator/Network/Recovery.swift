import CastyCore

/// How the sender of a stream recovers from lost segments.
///
/// - A later segment that gets through reveals those lost before it: they are sent again at once, after a round trip
///   and a quarter. So a stream with traffic rarely waits for a timeout. (RFC 8985, RACK: loss is detected by the time
///   of sending, so a lost repetition is detected in the same way.)
/// - When nothing reveals it, the last one lost is sent again after the timeout of a round trip and 200 ms: the tail
///   loss probe (RFC 8985, TLP; for a lone segment Linux puts it at the retransmission timeout).
/// - After that each timeout repeats the first one lost, and doubles the timeout (RFC 6298, 5.5; the 200 ms are
///   `TCP_RTO_MIN` of Linux). Then nothing else is sent before an acknowledgement, because the congestion window is one
///   segment (RFC 5681, 3.1). So a few losses in a row still stall a stream for seconds.
///
/// Simpler than TCP: the round trip is known instead of measured, and the congestion window matters only after a
/// timeout. Only acknowledgements that reveal a gap can be lost, because for the others each later one repeats what a
/// lost one would have stated.
struct Recovery {
    private struct Missing {
        let number: Int
        /// The time it was last sent; `nil` where it was held back.
        var sentAt: Int64?
    }

    /// In the order of their numbers.
    private var missing: [Missing] = []
    private var expiries = 0
    /// Whether nothing new may be sent.
    private(set) var isStopped = false
    var timer: EventTicket?

    var hasMissing: Bool { !missing.isEmpty }

    /// How long the sender waits from now until it sends something again without an acknowledgement.
    func timeout(roundTrip: Int64) -> Int64 {
        (roundTrip + SimulatedLimits.retransmission.nanoseconds) << Int64(min(max(expiries - 1, 0), 9))
    }

    /// Holds back a new segment.
    mutating func add(_ number: Int) { missing.append(Missing(number: number)) }

    /// A segment was sent and lost.
    mutating func lost(_ number: Int, at now: Int64) {
        if let index = missing.firstIndex(where: { $0.number == number }) {
            missing[index].sentAt = now
        } else {
            missing.append(Missing(number: number, sentAt: now))
        }
    }

    /// A segment was sent and will arrive. Returns whether it was lost or held back before.
    mutating func gotThrough(_ number: Int) -> Bool {
        guard let index = missing.firstIndex(where: { $0.number == number }) else { return false }
        missing.remove(at: index)
        return true
    }

    /// The timeout has passed. Returns the segment to send.
    mutating func expired() -> Int? {
        guard hasMissing else { return nil }
        expiries += 1
        if expiries == 1 { return missing.last?.number }
        isStopped = true
        return missing.first?.number
    }

    /// A segment that was sent again or held back has arrived. Returns the segments to send.
    mutating func acknowledged(_ number: Int, sentAt: Int64) -> [Int] {
        guard missing.allSatisfy({ number < $0.number }) else { return overdue(at: sentAt) }
        defer { (expiries, isStopped) = (0, false) }
        return isStopped ? missing.map(\.number) : overdue(at: sentAt)
    }

    /// The missing segments that were sent before one that has arrived, and those held back.
    func overdue(at sentAt: Int64) -> [Int] {
        if isStopped { return [] }
        return missing.filter { missing in missing.sentAt.map { $0 < sentAt } ?? true }.map(\.number)
    }
}

/// The history of one entity whose balance only grows by deposits of 1: when each request was sent and answered, and with
/// what balance.
///
/// ``problems()`` decides whether the history is linearizable (Herlihy and Wing, "Linearizability: A Correctness
/// Condition for Concurrent Objects", 1990): whether all that was answered, and some of what was not, can be put in one
/// order that agrees with real time, in which each reply is the balance at its point. The general question takes
/// exponential time. For a counter whose replies are balances it does not: a reply is the point itself. What is left is
/// to fill the gaps between replies with deposits of unknown outcome, each of which was sent before any reply above
/// its gap came; the earliest are taken first, which succeeds whenever anything does.
///
/// ``EntityLedger`` checks while a load runs, and forgets; this keeps everything, and is asked at the end.
package struct CounterHistory: Sendable {
    private enum Outcome: Sendable {
        case answered(balance: Int, at: Int32)
        /// It may take effect at any time from when it was sent, or never.
        case unknown
        /// It has no effect.
        case refused
    }

    private struct Request: Sendable {
        let isDeposit: Bool
        let sent: Int32
        var outcome = Outcome.unknown
    }

    private let opening: Int
    private var requests: [Request] = []
    private var indices: [UInt64: Int] = [:]
    /// Counts what was sent and answered: only the order matters.
    private var steps: Int32 = 0

    /// Begins with the entity's balance.
    package init(opening: Int) { self.opening = opening }

    /// The number of requests.
    package var count: Int { requests.count }

    /// Records that a request is sent.
    package mutating func send(_ number: UInt64, isDeposit: Bool) {
        steps += 1
        indices[number] = requests.count
        requests.append(Request(isDeposit: isDeposit, sent: steps))
    }

    /// Records a request's reply.
    package mutating func acknowledge(_ number: UInt64, balance: Int) {
        steps += 1
        set(.answered(balance: balance, at: steps), number)
    }

    /// Records that a request surely has no effect.
    package mutating func refuse(_ number: UInt64) { set(.refused, number) }

    private mutating func set(_ outcome: Outcome, _ number: UInt64) {
        guard let index = indices.removeValue(forKey: number) else { return }
        requests[index].outcome = outcome
    }

    private struct Reply {
        let balance: Int
        let isDeposit: Bool
        let sent: Int32
        let answered: Int32
    }

    /// Why the history is not linearizable, in words; empty where it is.
    ///
    /// - Complexity: O(*n* log *n*) in the number of requests.
    package func problems() -> [String] {
        var replies: [Reply] = []
        var unknown: [Int32] = []
        for request in requests {
            switch request.outcome {
            case .answered(let balance, let at):
                replies.append(
                    Reply(balance: balance, isDeposit: request.isDeposit, sent: request.sent, answered: at))
            case .unknown: if request.isDeposit { unknown.append(request.sent) }
            case .refused: break
            }
        }
        return Self.order(replies, from: opening) + Self.gaps(replies, unknown, from: opening)
    }

    /// Real time: a reply is not below one that came before its request was sent, and a deposit's is above.
    private static func order(_ replies: [Reply], from opening: Int) -> [String] {
        var problems: [String] = []
        let byEnd = replies.sorted { $0.answered < $1.answered }
        var (ended, floor) = (0, opening)
        for reply in replies.sorted(by: { $0.sent < $1.sent }) {
            while ended < byEnd.count, byEnd[ended].answered < reply.sent {
                floor = max(floor, byEnd[ended].balance)
                ended += 1
            }
            if reply.balance < floor + (reply.isDeposit ? 1 : 0) {
                problems.append(
                    "a \(reply.isDeposit ? "deposit" : "read") was answered with \(reply.balance) after \(floor) had been seen"
                )
            }
        }
        return problems
    }

    /// Each balance up to the highest that was seen was reached by one deposit.
    private static func gaps(_ replies: [Reply], _ unknown: [Int32], from opening: Int) -> [String] {
        let sorted = replies.sorted { $0.balance < $1.balance }
        // The first reply that has seen a balance or a higher one.
        var firstSight = sorted.map(\.answered)
        for index in sorted.indices.dropLast().reversed() {
            firstSight[index] = min(firstSight[index], firstSight[index + 1])
        }
        var problems: [String] = []
        var spare = unknown.sorted()[...]
        var (level, index) = (opening, 0)
        while index < sorted.count {
            let balance = sorted[index].balance
            let same = sorted[index...].prefix { $0.balance == balance }
            let deposits = same.count(where: \.isDeposit)
            if deposits > 1 { problems.append("\(deposits) deposits were answered with the same balance \(balance)") }
            // Higher balances were seen later, so the deposits that were sent first fill the lowest gaps.
            var missing = max(0, balance - level - min(1, deposits))
            while missing > 0, let sent = spare.first, sent < firstSight[index] {
                spare.removeFirst()
                missing -= 1
            }
            if missing > 0 {
                problems.append(
                    "\(missing) of the balance \(balance) came from no deposit that was sent before it was seen")
            }
            level = max(level, balance)
            index += same.count
        }
        return problems
    }
}

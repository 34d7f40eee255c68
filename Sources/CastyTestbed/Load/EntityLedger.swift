/// The ledger of one entity whose balance only grows: the attempted and the acknowledged deposits, and whether the
/// replies can be correct.
///
/// Deposits may overlap. The outcome of some stays unknown: the entity may handle such a deposit later, or never. The
/// entity is a register: each deposit raises it by an amount, and the reply is the balance afterwards. A reply is
/// possible if all of these hold:
///
/// - It is at least its amount above every balance that was acknowledged before the deposit was sent: replies never go
///   back.
/// - It is at most the sum of everything attempted until then.
/// - No two deposits have the same reply.
/// - The acknowledged deposits up to a balance, together with deposits of unknown outcome that were sent before it was
///   answered, add up to that balance: nothing acknowledged is missing, and nothing is unexplained.
///
/// For deposits of 1 these rules define a linearizable counter (Herlihy and Wing, 1990). A reply is the deposit's
/// position in the total order; the first rule makes that order agree with real time, and the others leave no gaps in
/// it.
package struct EntityLedger: Sendable {
    /// What one request does.
    package enum Operation: Sendable, Hashable {
        case deposit(Int)
        case read
    }

    private struct Open: Sendable {
        let operation: Operation
        /// The highest balance that was acknowledged before this request was sent.
        let floor: Int
        /// When it was sent, in steps of this ledger.
        let sent: Int
    }

    private struct Acknowledged: Sendable {
        let balance: Int
        let amount: Int
        let answered: Int
    }

    private struct Unknown: Sendable {
        let amount: Int
        let sent: Int
    }

    /// The highest balance that was acknowledged.
    package private(set) var acknowledged: Int
    /// The opening balance plus every deposit, except those that were definitely refused.
    package private(set) var attempted: Int
    private var open: [UInt64: Open] = [:]
    private var steps = 0
    /// The acknowledged deposits since the last moment without an open request; earlier ones have been checked.
    private var recent: [Acknowledged] = []
    private var unknown: [Unknown] = []
    /// The balance up to which everything is explained, and the sum of earlier deposits of unknown outcome that may
    /// still appear.
    private var level: Int
    private var carried = 0

    /// Begins with the entity's current balance.
    package init(opening: Int) {
        acknowledged = opening
        attempted = opening
        level = opening
    }

    /// The number of requests without an outcome.
    package var openCount: Int { open.count }

    /// Records that a request is sent.
    package mutating func send(_ number: UInt64, _ operation: Operation) {
        steps += 1
        open[number] = Open(operation: operation, floor: acknowledged, sent: steps)
        if case .deposit(let amount) = operation { attempted += amount }
    }

    /// Records that a request was answered with a balance.
    ///
    /// - Returns: The contradictions, in words; empty if there are none.
    package mutating func acknowledge(_ number: UInt64, balance: Int) -> [String] {
        guard let request = open.removeValue(forKey: number) else { return ["a request was answered twice"] }
        steps += 1
        var problems: [String] = []
        let amount: Int
        switch request.operation {
        case .deposit(let deposited):
            amount = deposited
            if recent.contains(where: { $0.balance == balance }) {
                problems.append("two deposits were answered with the same balance \(balance)")
            }
            recent.append(Acknowledged(balance: balance, amount: amount, answered: steps))
        case .read: amount = 0
        }
        if balance < request.floor + amount {
            problems.append(
                "the reply went back: \(balance) after \(request.floor) had been acknowledged"
                    + (amount > 0 ? ", to a deposit of \(amount)" : ""))
        }
        if balance > attempted {
            problems.append("the reply \(balance) is above all that was attempted, \(attempted)")
        }
        acknowledged = max(acknowledged, balance)
        return problems + settle()
    }

    /// Records that a request was definitely not handled, and never will be.
    package mutating func refuse(_ number: UInt64) -> [String] {
        guard let request = open.removeValue(forKey: number) else { return [] }
        if case .deposit(let amount) = request.operation { attempted -= amount }
        return settle()
    }

    /// Records that the outcome of a request is unknown: it counts as attempted for good.
    package mutating func loseTrack(of number: UInt64) -> [String] {
        guard let request = open.removeValue(forKey: number) else { return [] }
        if case .deposit(let amount) = request.operation {
            unknown.append(Unknown(amount: amount, sent: request.sent))
        }
        return settle()
    }

    /// Compares the final balance with the ledger.
    package func close(balance: Int) -> [String] {
        if balance < acknowledged {
            return ["it ends at \(balance), though \(acknowledged) was acknowledged: \(acknowledged - balance) lost"]
        }
        if balance > attempted {
            return ["it ends at \(balance), though only \(attempted) was attempted: \(balance - attempted) too many"]
        }
        return []
    }

    /// Once no request is open, all outcomes are known: adds the replies up in their order, and forgets them.
    private mutating func settle() -> [String] {
        guard open.isEmpty, !recent.isEmpty else { return [] }
        defer { recent = [] }
        var problems: [String] = []
        var explained = level
        var unexplained = 0
        for reply in recent.sorted(by: { ($0.balance, $0.answered) < ($1.balance, $1.answered) }) {
            explained += reply.amount
            unexplained = reply.balance - explained
            let possible = carried + unknown.reduce(0) { $0 + ($1.sent < reply.answered ? $1.amount : 0) }
            if unexplained < 0 {
                problems.append(
                    "the balance \(reply.balance) misses \(-unexplained) of what was acknowledged up to it")
            } else if unexplained > possible {
                problems.append(
                    "the balance \(reply.balance) holds \(unexplained - possible) that no deposit explains")
            }
            if !problems.isEmpty { break }
        }
        carried = max(0, carried + unknown.reduce(0) { $0 + $1.amount } - max(0, unexplained))
        unknown = []
        // After a contradiction the ledger continues from the answered balance, so that one fault is reported once.
        level = max(level, recent.map(\.balance).max() ?? level)
        return problems
    }
}

/// The books of one entity whose balance only grows: what was attempted, what was acknowledged, and whether the replies can be true.
///
/// Deposits may overlap, and the outcome of some is never known; such a one may still be handled later, or never. The entity is a register that
/// each deposit raises by its amount and whose reply is the balance afterwards. A reply is possible if all of these hold:
///
/// - It is at least its amount above every balance that was acknowledged before the deposit was sent: replies never go back.
/// - It is not above all that was attempted until then.
/// - No two deposits have the same reply.
/// - The replies up to a balance, and deposits of unknown outcome that were sent before it was answered, add up to it: nothing acknowledged is
///   missing, and nothing appears from nowhere.
///
/// For deposits of 1 that is the definition of a linearizable counter (Herlihy and Wing, 1990): a reply is the deposit's position in the one
/// order, the first rule keeps that order to real time, the others fill it without a gap.
package struct EntityLedger: Sendable {
    /// What one request does.
    package enum Operation: Sendable, Hashable {
        case deposit(Int)
        case read
    }

    private struct Open: Sendable {
        let operation: Operation
        /// The highest balance acknowledged before it was sent.
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
    /// The opening balance, and every deposit that was not surely refused.
    package private(set) var attempted: Int
    private var open: [UInt64: Open] = [:]
    private var steps = 0
    /// Since the last moment without an open request: until then everything has been compared.
    private var recent: [Acknowledged] = []
    private var unknown: [Unknown] = []
    /// The balance up to which all is explained, and how much of unknown outcome from before may still appear.
    private var level: Int
    private var carried = 0

    /// Begins with the balance that the entity has.
    package init(opening: Int) {
        acknowledged = opening
        attempted = opening
        level = opening
    }

    /// How many requests have no outcome yet.
    package var openCount: Int { open.count }

    /// A request is sent.
    package mutating func send(_ number: UInt64, _ operation: Operation) {
        steps += 1
        open[number] = Open(operation: operation, floor: acknowledged, sent: steps)
        if case .deposit(let amount) = operation { attempted += amount }
    }

    /// A request was answered with a balance.
    ///
    /// - Returns: What is wrong with that, in words; empty where nothing is.
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

    /// A request was surely not handled, and never will be.
    package mutating func refuse(_ number: UInt64) -> [String] {
        guard let request = open.removeValue(forKey: number) else { return [] }
        if case .deposit(let amount) = request.operation { attempted -= amount }
        return settle()
    }

    /// The outcome of a request is not known: it counts as attempted for good.
    package mutating func loseTrack(of number: UInt64) -> [String] {
        guard let request = open.removeValue(forKey: number) else { return [] }
        if case .deposit(let amount) = request.operation {
            unknown.append(Unknown(amount: amount, sent: request.sent))
        }
        return settle()
    }

    /// Compares the balance at the end with the books.
    package func close(balance: Int) -> [String] {
        if balance < acknowledged {
            return ["it ends at \(balance), though \(acknowledged) was acknowledged: \(acknowledged - balance) lost"]
        }
        if balance > attempted {
            return ["it ends at \(balance), though only \(attempted) was attempted: \(balance - attempted) too many"]
        }
        return []
    }

    /// Where no request is open, all outcomes are in: adds the replies up in their order, and forgets them.
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
        // After a contradiction the books go on from what was answered, so that one fault is reported once.
        level = max(level, recent.map(\.balance).max() ?? level)
        return problems
    }
}

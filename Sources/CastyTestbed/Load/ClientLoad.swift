package import CastyCore
package import CastySharding

/// A load that clients put on a cluster, and its ledgers. A value type: it says what to ask, and is given the replies.
///
/// ```
///   opening ──▶ running ──▶ draining ──▶ closing ──▶ over
///   read all    deposits     the rest     read all
///               and reads    comes in
/// ```
///
/// Without ledgers it starts in running and ends after draining.
package struct ClientLoad: Sendable {
    package enum Effect: Sendable, Equatable {
        /// Ask an entity once, and report the result under this number.
        case ask(number: UInt64, entity: String, text: String)
        /// The load is over.
        case finish
    }

    private enum Phase: Sendable {
        case opening(until: Instant)
        case running(since: Instant)
        case draining
        case closing(until: Instant)
        case over
    }

    private enum Kind: Sendable {
        case deposit, read
        /// Part of the opening or closing reads: may be repeated, and is not counted.
        case opening, closing
    }

    private struct Open: Sendable {
        let entity: Int
        let kind: Kind
        let sent: Instant
    }

    package let settings: LoadSettings
    package private(set) var summary = LoadSummary()
    private var phase: Phase
    private var ledgers: [EntityLedger?]
    private var histories: [CounterHistory?]
    private var operations = 0
    private var openCounts: [Int]
    private var open: [UInt64: Open] = [:]
    private var number: UInt64 = 0
    private var turn = 0
    private var due = 0
    /// Entities whose balance is still to be read, in the opening or closing phase.
    private var unread: [Int]
    private var lastAcknowledged: Instant?
    private var hasConnected = false
    private let start: Instant
    /// The most opening or closing reads that are open at a time.
    private static let mostReads = 64
    /// Every eighth request only reads.
    private static let readEvery = 8
    /// The most requests of which histories are kept; a longer load is checked by its ledgers alone.
    private static let mostOperations = 4_000_000

    package init(_ settings: LoadSettings, at now: Instant) {
        self.settings = settings
        start = now
        ledgers = Array(repeating: nil, count: settings.entities)
        histories = Array(repeating: nil, count: settings.entities)
        openCounts = Array(repeating: 0, count: settings.entities)
        unread = settings.checks ? Array((0..<settings.entities).reversed()) : []
        phase = settings.checks ? .opening(until: now + settings.settling) : .running(since: now)
    }

    /// Sends no further requests, and ends as it does after its full duration.
    package mutating func endEarly() {
        switch phase {
        case .running: phase = .draining
        case .opening: phase = .opening(until: start)
        case .draining, .closing, .over: break
        }
    }

    /// The current phase, in one word.
    package var phaseName: String {
        switch phase {
        case .opening: "opening"
        case .running: "running"
        case .draining: "draining"
        case .closing: "closing"
        case .over: "over"
        }
    }

    /// Advances the load to the given time.
    ///
    /// - Parameter isConnected: Whether any node can be asked.
    package mutating func tick(at now: Instant, isConnected: Bool) -> [Effect] {
        hasConnected = hasConnected || isConnected
        switch phase {
        case .opening(let until):
            if now >= until { return giveUpOpening() }
            if unread.isEmpty, open.isEmpty {
                phase = .running(since: now)
                return []
            }
            return isConnected ? readNext(.opening, at: now) : []
        case .running(let since):
            let passed = min(now - since, settings.duration)
            let expected = Int(Double(settings.rate) * (passed / .seconds(1)))
            var effects: [Effect] = []
            while due < expected {
                due += 1
                if isConnected, let effect = request(at: now) { effects.append(effect) } else { summary.heldBack += 1 }
            }
            if passed >= settings.duration { phase = .draining }
            return effects
        case .draining:
            guard open.isEmpty else { return [] }
            if let last = lastAcknowledged { summary.longestGap = max(summary.longestGap, now - last) }
            guard settings.checks else { return finish() }
            unread = Array((0..<settings.entities).reversed())
            phase = .closing(until: now + settings.settling)
            return []
        case .closing(let until):
            if unread.isEmpty, open.isEmpty { return finish() }
            if now >= until {
                let missing = unread + open.values.map(\.entity)
                summary.unread = missing.sorted().map { settings.entity($0) }
                return finish()
            }
            return isConnected ? readNext(.closing, at: now) : []
        case .over: return []
        }
    }

    /// Handles an entity's reply.
    package mutating func replied(_ number: UInt64, _ text: String, at now: Instant) {
        guard let request = open.removeValue(forKey: number) else { return }
        openCounts[request.entity] -= 1
        let entity = settings.entity(request.entity)
        let balance = Int(text)
        switch request.kind {
        case .opening:
            guard let balance else { return unread.append(request.entity) }
            ledgers[request.entity] = EntityLedger(opening: balance)
            histories[request.entity] = CounterHistory(opening: balance)
        case .closing:
            guard let balance, let ledger = ledgers[request.entity] else { return unread.append(request.entity) }
            histories[request.entity]?.acknowledge(number, balance: balance)
            for problem in ledger.close(balance: balance) { summary.contradict(entity, problem) }
            summary.balances = (summary.balances ?? 0) + balance
            summary.acknowledgedBalances = (summary.acknowledgedBalances ?? 0) + ledger.acknowledged
            summary.attemptedBalances = (summary.attemptedBalances ?? 0) + ledger.attempted
        case .deposit, .read:
            guard let balance else {
                // The entity's own refusal: it guarantees that the request had no effect.
                summary.refused += 1
                summary.reasons[String(text.prefix(80)), default: 0] += 1
                histories[request.entity]?.refuse(number)
                return note(request.entity) { $0.refuse(number) }
            }
            summary.acknowledged += 1
            summary.latency.add(now - request.sent)
            if let last = lastAcknowledged { summary.longestGap = max(summary.longestGap, now - last) }
            lastAcknowledged = now
            histories[request.entity]?.acknowledge(number, balance: balance)
            note(request.entity) { $0.acknowledge(number, balance: balance) }
        }
    }

    /// Handles a failed request.
    package mutating func failed(_ number: UInt64, _ error: ClientError) {
        guard let request = open.removeValue(forKey: number) else { return }
        openCounts[request.entity] -= 1
        switch request.kind {
        // Reads change nothing, so they are repeated.
        case .opening, .closing: unread.insert(request.entity, at: 0)
        case .deposit, .read:
            summary.reasons[error.code.rawValue, default: 0] += 1
            if error.isSurelyUnhandled {
                summary.refused += 1
                histories[request.entity]?.refuse(number)
                note(request.entity) { $0.refuse(number) }
            } else {
                summary.unknown += 1
                note(request.entity) { $0.loseTrack(of: number) }
            }
        }
    }

    private mutating func note(_ entity: Int, _ body: (inout EntityLedger) -> [String]) {
        guard var ledger = ledgers[entity] else { return }
        let problems = body(&ledger)
        ledgers[entity] = ledger
        for problem in problems { summary.contradict(settings.entity(entity), problem) }
    }

    /// The next request, to the next entity that may have another open request.
    private mutating func request(at now: Instant) -> Effect? {
        for _ in 0..<settings.entities {
            let entity = turn
            turn = (turn + 1) % settings.entities
            guard openCounts[entity] < settings.overlap else { continue }
            summary.sent += 1
            let isRead = settings.checks && summary.sent % Self.readEvery == 0
            let effect = ask(entity, isRead ? .read : .deposit, at: now)
            ledgers[entity]?.send(number, isRead ? .read : .deposit(1))
            return effect
        }
        return nil
    }

    private mutating func readNext(_ kind: Kind, at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        while open.count < Self.mostReads, let entity = unread.popLast() { effects.append(ask(entity, kind, at: now)) }
        return effects
    }

    private mutating func ask(_ entity: Int, _ kind: Kind, at now: Instant) -> Effect {
        number += 1
        open[number] = Open(entity: entity, kind: kind, sent: now)
        record(number, kind, of: entity)
        openCounts[entity] += 1
        let text =
            switch kind {
            case .deposit: settings.deposit
            case .read, .opening, .closing: settings.read
            }
        return .ask(number: number, entity: settings.entity(entity), text: text)
    }

    private mutating func record(_ number: UInt64, _ kind: Kind, of entity: Int) {
        guard histories[entity] != nil else { return }
        operations += 1
        guard operations <= Self.mostOperations else {
            histories = Array(repeating: nil, count: settings.entities)
            return
        }
        histories[entity]?.send(number, isDeposit: kind == .deposit)
    }

    private mutating func giveUpOpening() -> [Effect] {
        summary.neverConnected = !hasConnected
        let missing = unread + open.values.map(\.entity)
        summary.unread = missing.sorted().map { settings.entity($0) }
        return finish()
    }

    private mutating func finish() -> [Effect] {
        if !settings.checks { summary.neverConnected = !hasConnected }
        for (entity, history) in histories.enumerated() {
            guard let history else { continue }
            summary.histories += 1
            summary.operations += history.count
            guard let problem = history.problems().first else { continue }
            summary.nonlinearizable += 1
            summary.contradict(settings.entity(entity), "its history is not linearizable: \(problem)")
        }
        open = [:]
        phase = .over
        return [.finish]
    }
}

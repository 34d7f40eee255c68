import CastyCore
import CastySharding
import Dispatch
import GRDB
import Synchronization

/// Writes this process's file: all changes that wait go into one transaction, and share its sync.
///
/// Tokens across files work like the flags of Dekker's algorithm. A taker of a shard writes its token, then reads the
/// states; a former owner writes a state, then reads the tokens. So either the taker reads the state, or the former
/// owner finds the token and does not acknowledge. The second holds whatever the clocks say.
final class StateWriter: Sendable {
    private typealias Shard = OwnTokens.Shard

    struct Change: Sendable {
        enum Kind: Sendable {
            case token
            case state([UInt8]?, wakeAt: WallTime?)
            case takeover
            case append([EventRecord], after: UInt64, wake: WakeChange)
            case deletion(through: UInt64)
            case running(Bool)
        }

        /// What an append does to the time at which the entity must run again.
        enum WakeChange: Sendable {
            case none
            case set(WallTime?)
        }

        let kind: Kind
        let key: EntityKey
        let fence: ShardFence
        let done: UnsafeContinuation<Result<Void, EntityStoreError>, Never>
    }

    private struct State {
        var waiting: [Change] = []
        var filling = GroupFilling()
        /// The number of waiting changes for which the next group waits.
        var goal: Int?
        /// The tokens that are on disk.
        var raised = OwnTokens()
        /// The highest tokens of other files, as they are as long as the counters do not change.
        var others = (counts: MoveCounter.Counts(), highest: [Shard: ShardFence?]())
        /// Whether any of them may not be counted yet for other processes.
        var hasUncounted = true
        /// Those of them after which the files of all others were opened, so that a load may go on.
        var ready: [Shard: ShardFence] = [:]
        /// Those whose takeover is on disk.
        var taken: [Shard: ShardFence] = [:]
        /// Whether the file may have times at which entities must run again.
        var hasWakes = true
        /// Times in the log that are acknowledged: earlier ones of their entities are removed with the next transaction.
        var setWakes: [LoggedWake] = []
        /// The transactions until now, and the changes that were written in them.
        var groups = (transactions: 0, changes: 0)
    }

    private let slot: WriterSlot
    let file: StateFile
    let sources: StateSources
    private let queue = DispatchQueue(label: "casty.states.write")
    /// Signalled when the goal is reached.
    private let filled = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    init(_ slot: WriterSlot, _ sources: StateSources, pageLimit: Int?) throws(EntityStoreError) {
        self.slot = slot
        self.sources = sources
        file = try StateFile(path: slot.path, writes: true, pageLimit: pageLimit)
        try sources.moves.noteFile()
        try sources.refresh()
        try continueLog()
        // A process that had this slot before has left its tokens.
        let left = try file.fences()
        let hasWakes = try file.hasWakes()
        state.withLock { $0.hasWakes = hasWakes }
        state.withLock { state in for (key, fence) in left { state.raised.raise(fence, for: Shard(key)) } }
    }

    /// Lets the log go on where an earlier file of this slot had come to: no index is given twice.
    private func continueLog() throws(EntityStoreError) {
        let end = try sources.consistently { () throws(EntityStoreError) in
            var ends = LogPositions()
            try sources.each { ends.raise(to: try $0.ends()) }
            return ends[file.number]
        }
        guard end > 0 else { return }
        try file.write { try EventTables.goOn(after: end, $0) }
    }

    /// Writes a token down, unless it is on disk already.
    func raise(_ fence: ShardFence, for key: EntityKey) async throws(EntityStoreError) {
        let (known, ready) = state.withLock { ($0.raised.highest(against: Shard(key)), $0.ready[Shard(key)]) }
        if let known { try StateSources.check(fence, known, key) }
        if ready == fence { return }
        try await change(.token, key, fence)
    }

    /// Writes a state, or that there is none, and when the entity must run again.
    func put(
        _ state: [UInt8]?, for key: EntityKey, _ fence: ShardFence, wakeAt: WallTime? = nil
    ) async throws(EntityStoreError) {
        try await change(.state(state, wakeAt: wakeAt), key, fence)
    }

    /// How many transactions were written, and how many changes in them.
    var groups: (transactions: Int, changes: Int) { state.withLock { $0.groups } }

    /// Whether the takeover of a shard is on disk.
    func hasTakenOver(_ key: EntityKey, _ fence: ShardFence) -> Bool {
        state.withLock { $0.taken[Shard(key)] == fence }
    }

    /// Writes whether an entity runs.
    func note(runs: Bool, _ key: EntityKey, _ fence: ShardFence) async throws(EntityStoreError) {
        try await change(.running(runs), key, fence)
    }

    func change(_ kind: Change.Kind, _ key: EntityKey, _ fence: ShardFence) async throws(EntityStoreError) {
        let result = await withUnsafeContinuation { continuation in
            let (isFirst, fills) = state.withLock { state in
                state.waiting.append(Change(kind: kind, key: key, fence: fence, done: continuation))
                let fills = state.waiting.count == state.goal
                if fills { state.goal = nil }
                return (state.waiting.count == 1, fills)
            }
            if isFirst { queue.async { self.workOff() } }
            if fills { filled.signal() }
        }
        try result.get()
    }

    private func workOff() {
        waitForOthers()
        let changes = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        let began = DispatchTime.now().uptimeNanoseconds
        let results = attempt(changes)
        let time = Duration.nanoseconds(DispatchTime.now().uptimeNanoseconds - began)
        state.withLock { state in
            state.filling.onWritten(changes: changes.count, waiting: state.waiting.count, in: time)
        }
        for (change, result) in zip(changes, results) { change.done.resume(returning: result) }
    }

    /// Waits for changes that are likely to come at once, see ``GroupFilling``.
    private func waitForOthers() {
        let wait = state.withLock { state in
            let wait = state.filling.onBegin(waiting: state.waiting.count)
            state.goal = wait?.goal
            return wait
        }
        guard let wait else { return }
        let limit = DispatchTimeInterval.nanoseconds(Int(wait.limit.components.attoseconds / 1_000_000_000))
        let hasEnded = filled.wait(timeout: .now() + limit) == .success
        let isReached = state.withLock { state in
            let isReached = hasEnded || state.goal == nil
            state.goal = nil
            state.filling.onWaited(reached: isReached)
            return isReached
        }
        // It was reached in the moment after the limit: the signal is on its way.
        if isReached, !hasEnded { filled.wait() }
    }

    /// Writes changes together; if that fails, each on its own, so that one that cannot be written fails alone.
    private func attempt(_ changes: [Change]) -> [Result<Void, EntityStoreError>] {
        do throws(EntityStoreError) {
            return try write(changes)
        } catch {
            guard changes.count > 1, !error.isOutcomeUnknown else {
                return Array(repeating: .failure(error), count: changes.count)
            }
            return changes.flatMap { attempt([$0]) }
        }
    }

    /// Writes all changes in one transaction, and says of each whether it counts.
    private func write(_ changes: [Change]) throws(EntityStoreError) -> [Result<Void, EntityStoreError>] {
        var results = try othersAllow(changes)
        let before = results
        let (raised, taken, valid) = state.withLock { ($0.raised, $0.taken, $0.setWakes) }
        // Only this thread sets it, and a transaction that is rolled back leaves it as it may be.
        var hasWakes = state.withLock { $0.hasWakes }
        defer { state.withLock { [hasWakes] in $0.hasWakes = hasWakes } }
        let written = try file.write { database in
            var (results, raised) = (before, raised)
            var (wakes, hasRaised): ([LoggedWake], Bool) = ([], false)
            for wake in valid { try EventTables.removeWakes(of: wake.key, before: wake.row, database) }
            for (index, change) in changes.enumerated() {
                guard case .success = results[index] else { continue }
                let shard = Shard(change.key)
                do throws(EntityStoreError) {
                    if let known = raised.highest(against: shard) {
                        try StateSources.check(change.fence, known, change.key)
                    }
                } catch {
                    results[index] = .failure(error)
                    continue
                }
                if raised.token(of: shard) != change.fence {
                    try StateFile.raise(change.fence, for: change.key, database)
                    raised.raise(change.fence, for: shard)
                    hasRaised = true
                }
                if case .state(let state, let wakeAt) = change.kind {
                    try StateFile.put(state, for: change.key, change.fence, database)
                    // The state is a snapshot where the owner has read the log, and its time is in the log.
                    let isSnapshot = taken[shard] == change.fence
                    if isSnapshot, let row = try changeWake(to: wakeAt, of: change.key, change.fence, database) {
                        wakes.append(LoggedWake(change: index, key: change.key, row: row))
                    }
                    let time = isSnapshot ? nil : wakeAt
                    // Most files have no times, and nothing needs to be removed there.
                    if time != nil || hasWakes { try StateFile.setWake(time, for: change.key, database) }
                    hasWakes = hasWakes || time != nil
                } else if case .running(let runs) = change.kind {
                    try StateFile.note(runs: runs, change.key, change.fence, database)
                } else {
                    results[index] = try write(change.kind, of: change.key, change.fence, database)
                    guard case .append(_, _, .set(let time)) = change.kind, case .success = results[index] else {
                        continue
                    }
                    let row = try setWake(time, of: change.key, change.fence, database)
                    wakes.append(LoggedWake(change: index, key: change.key, row: row))
                }
            }
            return (results, raised, wakes, hasRaised)
        }
        results = written.0
        let count = results.count { (try? $0.get()) != nil }
        state.withLock { state in
            state.raised = written.1
            state.hasUncounted = state.hasUncounted || written.3
            state.setWakes = []
            state.groups.transactions += 1
            state.groups.changes += count
        }
        // From here on the changes are written, and not taken back: the next owner may have read them.
        do throws(EntityStoreError) {
            if state.withLock({ $0.hasUncounted }) {
                try sources.moves.noteTokens()
                state.withLock { $0.hasUncounted = false }
            }
            try sources.refresh()
            let after = try othersAllow(changes)
            for index in changes.indices {
                guard case .success = results[index] else { continue }
                results[index] = after[index].mapError(\.withUnknownOutcome)
                let (shard, fence) = (Shard(changes[index].key), changes[index].fence)
                state.withLock { state in
                    state.ready[shard] = fence
                    if case .takeover = changes[index].kind { state.taken[shard] = fence }
                }
            }
            // Every later owner has seen them.
            let acknowledged = written.2.filter { (try? results[$0.change].get()) != nil }
            state.withLock { $0.setWakes = acknowledged }
        } catch {
            results = results.map { $0.flatMap { .failure(error.withUnknownOutcome) } }
        }
        return results
    }

    /// Takes over rows and tokens from the file of a process that is gone, between two groups of changes.
    ///
    /// - Parameter tokens: Tokens that the rows come with; they count as this process's own from then on.
    func adopt(
        tokens: [(key: EntityKey, fence: ShardFence)], _ body: (Database) throws -> Void
    ) throws(EntityStoreError) {
        try between { () throws(EntityStoreError) in
            try file.write { database in
                for (key, fence) in tokens { try StateFile.adopt(fence, for: key, database) }
                try body(database)
            }
            state.withLock { state in
                state.hasWakes = true
                for (key, fence) in tokens
                where state.raised.token(of: Shard(key)).map({ $0.isSuperseded(by: fence) }) ?? true {
                    state.raised.raise(fence, for: Shard(key))
                }
            }
        }
    }

    /// Changes the file between two groups of changes.
    func rewrite(_ body: (Database) throws -> Void) throws(EntityStoreError) {
        try between { () throws(EntityStoreError) in try file.write(body) }
    }

    private func between(_ body: () throws(EntityStoreError) -> Void) throws(EntityStoreError) {
        try queue.sync { Result { () throws(EntityStoreError) in try body() } }.get()
    }

    /// Whether no other process has a higher token for the shards of these changes. The tokens of one shard are read once.
    private func othersAllow(_ changes: [Change]) throws(EntityStoreError) -> [Result<Void, EntityStoreError>] {
        // A token that is counted later is of a process that reads later what is written by now.
        let counts = try sources.moves.counts()
        let known = state.withLock { state in
            if state.others.counts != counts { state.others = (counts, [:]) }
            return state.others.highest
        }
        let (results, found) = try sources.consistently { () throws(EntityStoreError) in try check(changes, known) }
        if found.count != known.count { state.withLock { $0.others.highest = found } }
        return results
    }

    private func check(
        _ changes: [Change], _ known: [Shard: ShardFence?]
    ) throws(EntityStoreError) -> ([Result<Void, EntityStoreError>], [Shard: ShardFence?]) {
        var known = known
        var results: [Result<Void, EntityStoreError>] = []
        for change in changes {
            let shard = Shard(change.key)
            if known[shard] == nil {
                known[shard] = .some(try sources.highest(for: change.key, besides: file.path))
            }
            guard case .some(.some(let highest)) = known[shard] else {
                results.append(.success(()))
                continue
            }
            results.append(
                Result { () throws(EntityStoreError) in try StateSources.check(change.fence, highest, change.key) })
        }
        return (results, known)
    }
}

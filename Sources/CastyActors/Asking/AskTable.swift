import CastyCore
import Synchronization

/// The questions of one system that wait for answers, and their deadlines.
///
/// Several shards, each with a lock of its own, so that workers that ask at the same time hardly meet. A question's
/// number decides about its shard, so the order of everything is the same in each run of a simulation.
final class AskTable: @unchecked Sendable {
    /// A shard has cache lines of its own.
    private struct Shard: ~Copyable {
        let slots = Mutex(AskSlots())
        /// How many questions wait here, readable without the lock.
        let count = Atomic<Int>(0)
        private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    }

    private static let count = 8
    private let shards: UnsafeMutablePointer<Shard>
    private let scheduler: any Scheduler

    init(_ scheduler: any Scheduler) {
        self.scheduler = scheduler
        shards = .allocate(capacity: Self.count)
        for index in 0..<Self.count { (shards + index).initialize(to: Shard()) }
    }

    deinit {
        shards.deinitialize(count: Self.count)
        shards.deallocate()
    }

    @inline(__always)
    private static func shard(of uid: UInt64) -> Int { Int(truncatingIfNeeded: uid) & (count - 1) }

    /// Adds a question.
    ///
    /// - Parameters:
    ///   - new: The question.
    ///   - uid: Its number.
    ///   - timeout: How long it may wait from now on.
    ///   - note: Called under the lock with the ticket by which it is removed.
    /// - Returns: `false` where the system has ended: the question was not added.
    func insert(_ new: NewAsk, uid: UInt64, within timeout: Duration, note: (AskTicket) -> Void) -> Bool {
        let ask = new.ask
        let shard = Self.shard(of: uid)
        let deadline = scheduler.now + timeout
        let inserted = shards[shard].slots.withLock { slots in
            let inserted = slots.insert(ask, until: deadline, within: timeout)
            if let inserted { note(inserted.ticket) }
            shards[shard].count.store(slots.count, ordering: .relaxed)
            return inserted
        }
        guard let inserted else { return false }
        switch inserted.timer {
        case .armed: break
        case .arm(let queue): arm(shard, queue, at: deadline)
        case .own:
            let timer = scheduler.schedule(at: deadline) { ask.timedOut(after: timeout) }
            let isLate = shards[shard].slots.withLock { !$0.set(timer, inserted.ticket) }
            if isLate { timer.cancel() }
        }
        return true
    }

    /// Removes a question that has ended.
    ///
    /// - Parameters:
    ///   - uid: Its number.
    ///   - ticket: Reads its ticket; called under the lock.
    func remove(uid: UInt64, ticket: () -> AskTicket) {
        let shard = shards + Self.shard(of: uid)
        let timer = shard.pointee.slots.withLock { slots in
            let timer = slots.remove(ticket())
            shard.pointee.count.store(slots.count, ordering: .relaxed)
            return timer
        }
        timer?.cancel()
    }

    /// Runs a function under the lock of a question.
    func withLock<Result: Sendable>(of uid: UInt64, _ body: () -> Result) -> Result {
        shards[Self.shard(of: uid)].slots.withLock { _ in body() }
    }

    /// How many questions wait.
    var waitingCount: Int { (0..<Self.count).reduce(0) { $0 + shards[$1].count.load(ordering: .relaxed) } }

    /// The waiting questions in the order in which they were asked. What was asked before is among them.
    var all: [any AnyPendingAsk] {
        (0..<Self.count).contains { shards[$0].count.load(ordering: .relaxed) > 0 } ? sorted { $0.all } : []
    }

    /// Admits no further questions. Returns those that wait, in the order in which they were asked.
    func close() -> [any AnyPendingAsk] { sorted { $0.close() } }

    private func sorted(_ read: (inout AskSlots) -> [any AnyPendingAsk]) -> [any AnyPendingAsk] {
        var found: [any AnyPendingAsk] = []
        for index in 0..<Self.count {
            found += shards[index].slots.withLock { read(&$0) }
        }
        return found.sorted { $0.uid < $1.uid }
    }

    /// One timer for all questions of a queue: it fires at the deadline of the oldest, and then goes on to the next.
    private func arm(_ shard: Int, _ queue: Int, at deadline: Instant) {
        _ = scheduler.schedule(at: deadline) { [self] in fire(shard, queue) }
    }

    private func fire(_ shard: Int, _ queue: Int) {
        let now = scheduler.now
        let (due, timeout, next) = shards[shard].slots.withLock { $0.due(in: queue, at: now) }
        for ask in due { ask.timedOut(after: timeout) }
        if let next { arm(shard, queue, at: next) }
    }
}

/// A question that is about to wait.
///
/// It wraps the protocol: a function that takes a bare one, the compiler specialises for the type of the question, and
/// that type is then looked up at each call.
struct NewAsk {
    let ask: any AnyPendingAsk
}

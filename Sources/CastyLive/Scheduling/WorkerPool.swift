import CastyCore
import Glibc
import NIOCore
import Synchronization

/// The threads that actors run on: one per core, each with a queue of its own. Idle threads steal from the others.
///
/// A runnable woken by a turn goes to its worker's last-in slot and runs next, while its message is still in the cache.
/// The runnable it displaces goes to the worker's ring, where others may steal it. Other threads inject runnables
/// through a shared queue. An idle worker searches for work for a few microseconds and then sleeps. At most half of the
/// workers search, and one is woken at a time: the last searching worker that finds work wakes the next.
///
/// Source: the schedulers of Go (D. Vyukov, "Scalable Go Scheduler Design Doc", 2012) and Tokio.
package final class WorkerPool: @unchecked Sendable {
    /// The slots of the workers, and behind them those of spare workers.
    let slots: [WorkerSlot]
    /// The number of threads that the pool always has.
    let workers: Int
    let growth: PoolGrowth
    /// The thread-local key for the calling thread's worker.
    let threadKey: pthread_key_t
    /// The thread-local key for the calling thread's ``ReadingWorker``, while it may take turns.
    let readerKey: pthread_key_t
    /// The sleeping workers, one bit each.
    let asleep = Atomic<UInt64>(0)
    /// The number of workers that search for work.
    let searching = Atomic<Int>(0)
    let isStopping = Atomic<Bool>(false)
    let spares: SpareWorkers
    /// How many spare workers may take turns.
    let wantedSpares: Atomic<Int>
    /// Sees that workers are blocked, where the pool grows then.
    let watchdog: Watchdog?

    private let injected = Mutex(CircularBuffer<Turn>())
    private let injectedCount = Atomic<Int>(0)
    /// The slots of threads that read from the network and run short turns themselves.
    private let readers = Mutex<[WorkerSlot]>([])
    private let views = Mutex<[LiveDispatcher]>([])
    private let threads = Mutex<[LiveThread]>([])
    /// Guards `alive`, the number of threads that have not ended.
    private let ends = Monitor()
    private var alive: Int

    /// Starts the threads; ``shutdown()`` must end them.
    ///
    /// - Parameters:
    ///   - workers: How many, 1…64; none where the pool grows at once. By default as many as cores, at least two.
    ///   - growth: When the pool adds threads.
    package init(workers: Int = max(2, WorkerPool.cores), growth: PoolGrowth = .never) {
        let least = growth.isAtOnce ? 0 : 1
        precondition((least...64).contains(workers), "a pool has \(least)…64 workers, not \(workers)")
        self.workers = workers
        self.growth = growth
        let slots = (0..<workers + growth.limit).map { WorkerSlot(capacity: $0 < workers ? 256 : 16) }
        self.slots = slots
        spares = SpareWorkers(slots, from: workers)
        wantedSpares = Atomic(growth.isAtOnce ? growth.limit : 0)
        watchdog = growth.isWhenBlocked ? Watchdog(slots, workers: workers) : nil
        threadKey = Self.makeKey()
        readerKey = Self.makeKey()
        alive = workers + (watchdog == nil ? 0 : 1)
        threads.withLock { threads in
            for index in 0..<workers {
                threads.append(
                    LiveThread {
                        Worker(pool: self, index: index).main()
                        self.threadEnded()
                    })
            }
            if let watchdog {
                threads.append(
                    LiveThread {
                        watchdog.main(self)
                        self.threadEnded()
                    })
            }
        }
    }

    private static func makeKey() -> pthread_key_t {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key, nil)
        precondition(failure == 0, "the system refuses a thread key (error \(failure))")
        return key
    }

    /// The number of cores that are online, at most 64.
    package static var cores: Int { min(64, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private func threadEnded() {
        ends.withLock {
            alive -= 1
            ends.broadcast()
        }
    }

    /// Lets up to `count` more spare workers run.
    func addSpares(_ count: Int) {
        spares.activate(count) { index in
            ends.withLock { alive += 1 }
            let thread = LiveThread(ifPossible: {
                Worker(pool: self, index: index).mainAsSpare(self.spares)
                self.threadEnded()
            })
            thread?.detach()
            if thread == nil { threadEnded() }
            return thread != nil
        }
    }

    /// Ends the threads, each after its current turn, and drops waiting turns. MUST NOT be called from one of them.
    package func shutdown() { _ = shutdown(within: nil) }

    /// The same, but waits at most `limit` for running turns. Call it again to wait for the rest.
    ///
    /// - Returns: Whether all threads have ended.
    package func shutdown(within limit: Duration?) -> Bool {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        spares.end()
        for slot in slots { slot.wake() }
        watchdog?.wake()
        guard ends.withLock({ ends.wait(within: limit) { alive == 0 } }) else { return false }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        let isFirst = views.withLock { views in
            defer { views = [] }
            return !views.isEmpty
        }
        if running.isEmpty, !isFirst { return true }
        for thread in running { thread.join() }
        while let turn = takeInjected() { turn.runnable.release() }
        for slot in slots {
            slot.lastIn.take()?.runnable.release()
            while let turn = slot.ring.take() { turn.runnable.release() }
        }
        return true
    }

    deinit {
        pthread_key_delete(threadKey)
        pthread_key_delete(readerKey)
    }

    /// Retains a view until the pool is shut down, because waiting turns refer to it without retaining it.
    func keep(_ view: LiveDispatcher) { views.withLock { $0.append(view) } }

    /// The worker of the calling thread, if the thread belongs to this pool.
    @inline(__always)
    var currentWorker: Unmanaged<Worker>? {
        pthread_getspecific(threadKey).map { Unmanaged.fromOpaque($0) }
    }
}

extension WorkerPool {
    /// The calling thread, if it reads from the network and may run turns now.
    @inline(__always)
    var currentReader: Unmanaged<ReadingWorker>? {
        pthread_getspecific(readerKey).map { Unmanaged.fromOpaque($0) }
    }

    func add(reader slot: WorkerSlot) { readers.withLock { $0.append(slot) } }

    func remove(reader slot: WorkerSlot) { readers.withLock { $0.removeAll { $0 === slot } } }

    var readerSlots: [WorkerSlot] { readers.withLock { $0 } }

    /// Whether a thread that reads from the network runs a turn.
    var isReading: Bool {
        readers.withLock { $0.contains { $0.serving.load(ordering: .sequentiallyConsistent) != nil } }
    }

    /// The slots of all threads that run turns of this pool.
    var allSlots: [WorkerSlot] { slots + readerSlots }

    /// Adds a turn to the shared queue. Any thread may call it.
    func inject(_ turn: Turn) {
        injected.withLock { $0.append(turn) }
        injectedCount.add(1, ordering: .releasing)
        notify()
    }

    /// Adds turns to the shared queue, in their order.
    func inject(_ turns: [Turn]) {
        injected.withLock { $0.append(contentsOf: turns) }
        injectedCount.add(turns.count, ordering: .releasing)
        notify()
    }

    /// The most turns that a worker takes from the shared queue at once, beside the one that it runs.
    private static let largestShare = 63

    /// How many turns the shared queue has room for when it is empty.
    static let keptCapacity = 4096

    /// How many turns the shared queue has room for.
    var injectedCapacity: Int { injected.withLock { $0.capacity } }

    /// Takes the oldest turn of the shared queue.
    ///
    /// - Parameter ring: That of the calling worker, which takes its share of the rest along, so that it needs the lock
    ///   less often. Other workers may steal it from there. Not where a turn may block.
    func takeInjected(sharing ring: WorkStealingQueue? = nil) -> Turn? {
        if injectedCount.load(ordering: .acquiring) == 0 { return nil }
        let (turn, count) = injected.withLock { queue -> (Turn?, Int) in
            guard let turn = queue.popFirst() else { return (nil, 0) }
            // Many that waited once are no reason to keep the memory for as many.
            defer { if queue.isEmpty, queue.capacity > Self.keptCapacity { queue = CircularBuffer() } }
            guard let ring, !growth.isAtOnce else { return (turn, 1) }
            let share = min(queue.count / max(1, workers), Self.largestShare)
            var moved = 0
            while moved < share, let next = queue.first, ring.append(next) {
                queue.removeFirst()
                moved += 1
            }
            return (turn, 1 + moved)
        }
        // Who reads the lower count finds the turns that were moved.
        if count > 0 { injectedCount.subtract(count, ordering: .releasing) }
        return turn
    }

    /// The number of slots that may hold turns.
    @inline(__always)
    var searchedSlots: Int { growth.limit == 0 ? workers : spares.searchedCount }

    /// Whether a worker could find work.
    var hasWork: Bool {
        if injectedCount.load(ordering: .acquiring) > 0 { return true }
        for index in 0..<searchedSlots where slots[index].ring.count > 0 { return true }
        return false
    }

    /// How many turns wait, about.
    var waitingTurns: Int {
        (0..<searchedSlots).reduce(injectedCount.load(ordering: .acquiring)) { $0 + Int(slots[$1].ring.count) }
    }

    /// The turns so far, and the processor time of the threads.
    var turnTotals: TurnTotals {
        var totals = slots.reduce(into: TurnTotals()) { totals, slot in
            // A slot counts beginnings and ends.
            totals.count += slot.turns.load(ordering: .relaxed) / 2
            totals.computed += .nanoseconds(slot.computed ?? 0)
        }
        for slot in readerSlots { totals.count += slot.turns.load(ordering: .relaxed) / 2 }
        return totals
    }

    /// Whether every worker sleeps, and no spare worker runs.
    var isAsleep: Bool {
        let all = workers == 64 ? UInt64.max : (1 << UInt64(workers)) - 1
        return asleep.load(ordering: .sequentiallyConsistent) == all && spares.runningCount == 0
    }

    /// Wakes one worker unless one is searching already. Call it after work was made visible.
    func notify() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if searching.load(ordering: .relaxed) > 0 { return }
        var mask = asleep.load(ordering: .relaxed)
        while mask != 0 {
            let bit = mask & (~mask &+ 1)
            let (exchanged, original) = asleep.compareExchange(
                expected: mask, desired: mask & ~bit, ordering: .sequentiallyConsistent)
            if exchanged {
                // It is counted as searching when it wakes, so the next `notify` need not wake another.
                searching.add(1, ordering: .sequentiallyConsistent)
                slots[bit.trailingZeroBitCount].wake()
                return
            }
            mask = original
        }
        if growth.isAtOnce { addSpares(1) }
    }
}

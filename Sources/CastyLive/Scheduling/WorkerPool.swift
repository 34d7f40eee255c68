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
    let slots: [WorkerSlot]
    /// The thread-local key for the calling thread's worker.
    let threadKey: pthread_key_t
    /// The sleeping workers, one bit each.
    let asleep = Atomic<UInt64>(0)
    /// The number of workers that search for work.
    let searching = Atomic<Int>(0)
    let isStopping = Atomic<Bool>(false)

    private let injected = Mutex(CircularBuffer<Turn>())
    private let injectedCount = Atomic<Int>(0)
    private let views = Mutex<[LiveDispatcher]>([])
    private let threads = Mutex<[LiveThread]>([])
    /// Guards `alive`, the number of threads that have not ended.
    private let ends = Monitor()
    private var alive: Int

    /// Starts the threads; ``shutdown()`` must end them.
    ///
    /// - Parameter workers: How many, 1…64. By default as many as cores, at least two so that a handler that blocks
    ///   does not stop all others.
    package init(workers: Int = max(2, WorkerPool.cores)) {
        precondition((1...64).contains(workers), "a pool has 1…64 workers, not \(workers)")
        slots = (0..<workers).map { _ in WorkerSlot() }
        var key = pthread_key_t()
        let failure = pthread_key_create(&key, nil)
        precondition(failure == 0, "the system refuses a thread key (error \(failure))")
        threadKey = key
        alive = workers
        threads.withLock { threads in
            for index in 0..<workers {
                threads.append(LiveThread { self.work(index) })
            }
        }
    }

    /// The number of cores that are online, at most 64.
    package static var cores: Int { min(64, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private func work(_ index: Int) {
        Worker(pool: self, index: index).main()
        ends.withLock {
            alive -= 1
            ends.broadcast()
        }
    }

    /// Ends the threads, each after its current turn, and drops waiting turns. MUST NOT be called from one of them.
    package func shutdown() { _ = shutdown(within: nil) }

    /// The same, but waits at most `limit` for running turns. Call it again to wait for the rest.
    ///
    /// - Returns: Whether all threads have ended.
    package func shutdown(within limit: Duration?) -> Bool {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for slot in slots { slot.wake() }
        guard ends.withLock({ ends.wait(within: limit) { alive == 0 } }) else { return false }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        if running.isEmpty { return true }
        for thread in running { thread.join() }
        while let turn = takeInjected() { turn.runnable.release() }
        for slot in slots { while let turn = slot.ring.take() { turn.runnable.release() } }
        views.withLock { $0 = [] }
        pthread_key_delete(threadKey)
        return true
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
    /// Adds a turn to the shared queue. Any thread may call it.
    func inject(_ turn: Turn) {
        injected.withLock { $0.append(turn) }
        injectedCount.add(1, ordering: .releasing)
        notify()
    }

    /// Takes the oldest turn of the shared queue.
    func takeInjected() -> Turn? {
        if injectedCount.load(ordering: .acquiring) == 0 { return nil }
        guard let turn = injected.withLock({ $0.popFirst() }) else { return nil }
        injectedCount.subtract(1, ordering: .relaxed)
        return turn
    }

    /// Whether a worker could find work.
    var hasWork: Bool {
        if injectedCount.load(ordering: .acquiring) > 0 { return true }
        for slot in slots where slot.ring.count > 0 { return true }
        return false
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
    }
}

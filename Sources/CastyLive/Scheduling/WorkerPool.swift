import Glibc
import NIOCore
import Synchronization

/// The threads that actors run on: one per core, each with a queue of its own, stealing from each other when idle.
///
/// A runnable woken by a turn goes to that worker's last-in place and runs next, while its message is warm in the cache; what is
/// displaced goes to the worker's ring, where others may steal it. Threads outside hand over through a shared queue. An idle
/// worker looks around for a few microseconds and then sleeps; of all workers at most half look around, and one is woken at a time:
/// who finds work while nobody else looks wakes the next.
///
/// Source: the schedulers of Go (D. Vyukov, "Scalable Go Scheduler Design Doc", 2012) and Tokio.
package final class WorkerPool: @unchecked Sendable {
    let seats: [WorkerSlot]
    /// The worker that the calling thread is, kept per thread.
    let threadKey: pthread_key_t
    /// Bit by bit the workers that sleep.
    let asleep = Atomic<UInt64>(0)
    /// How many workers look for work.
    let searching = Atomic<Int>(0)
    let isStopping = Atomic<Bool>(false)

    private let injected = Mutex(CircularBuffer<Turn>())
    private let injectedCount = Atomic<Int>(0)
    private let views = Mutex<[LiveDispatcher]>([])
    private let threads = Mutex<[LiveThread]>([])
    /// How many threads have not ended, guarded by the monitor.
    private let ends = Monitor()
    private var alive: Int

    /// Starts the threads; ``shutdown()`` must end them.
    ///
    /// - Parameter workers: How many, 1…64; by default as many as cores, at least two so that a handler that blocks does not
    ///   stop all others.
    package init(workers: Int = max(2, WorkerPool.cores)) {
        precondition((1...64).contains(workers), "a pool has 1…64 workers, not \(workers)")
        seats = (0..<workers).map { _ in WorkerSlot() }
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

    /// How many cores this process may use, at most 64.
    package static var cores: Int { min(64, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private func work(_ index: Int) {
        Worker(pool: self, index: index).main()
        ends.withLock {
            alive -= 1
            ends.broadcast()
        }
    }

    /// Ends the threads, each after its present turn, and forgets what waits. Not to be called from one of them.
    package func shutdown() { _ = shutdown(within: nil) }

    /// The same, but waits no longer than that for turns that are being taken; to be called again to wait for the rest.
    ///
    /// - Returns: Whether all threads have ended.
    package func shutdown(within limit: Duration?) -> Bool {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for seat in seats { seat.wake() }
        guard ends.withLock({ ends.wait(within: limit) { alive == 0 } }) else { return false }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        if running.isEmpty { return true }
        for thread in running { thread.join() }
        while let turn = takeInjected() { turn.runnable.release() }
        for seat in seats { while let turn = seat.ring.take() { turn.runnable.release() } }
        views.withLock { $0 = [] }
        pthread_key_delete(threadKey)
        return true
    }

    /// Keeps a view until the pool is shut down, because turns that wait refer to it without holding it.
    func keep(_ view: LiveDispatcher) { views.withLock { $0.append(view) } }

    /// The worker that the calling thread is, if it is one of this pool.
    @inline(__always)
    var currentWorker: Unmanaged<Worker>? {
        pthread_getspecific(threadKey).map { Unmanaged.fromOpaque($0) }
    }
}

extension WorkerPool {
    /// Hands a turn over from a thread that is no worker.
    func inject(_ turn: Turn) {
        injected.withLock { $0.append(turn) }
        injectedCount.add(1, ordering: .releasing)
        notify()
    }

    /// The oldest turn handed over from outside.
    func takeInjected() -> Turn? {
        if injectedCount.load(ordering: .acquiring) == 0 { return nil }
        guard let turn = injected.withLock({ $0.popFirst() }) else { return nil }
        injectedCount.subtract(1, ordering: .relaxed)
        return turn
    }

    /// Whether a worker could find something to do.
    var hasWork: Bool {
        if injectedCount.load(ordering: .acquiring) > 0 { return true }
        for seat in seats where seat.ring.count > 0 { return true }
        return false
    }

    /// Wakes one worker unless one is looking already. To be called after work was made visible.
    func notify() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if searching.load(ordering: .relaxed) > 0 { return }
        var mask = asleep.load(ordering: .relaxed)
        while mask != 0 {
            let bit = mask & (~mask &+ 1)
            let (exchanged, original) = asleep.compareExchange(
                expected: mask, desired: mask & ~bit, ordering: .sequentiallyConsistent)
            if exchanged {
                // It wakes as one that looks, so that the next hand-over need not wake another.
                searching.add(1, ordering: .sequentiallyConsistent)
                seats[bit.trailingZeroBitCount].wake()
                return
            }
            mask = original
        }
    }
}

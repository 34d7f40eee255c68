import CastyCore
import Synchronization

/// The one thread on which the timers of all nodes of a live runtime fire.
package final class TimerThread: @unchecked Sendable {
    /// The clock that deadlines refer to.
    package let clock: LiveClock

    let monitor = Monitor()
    /// The monitor guards the properties below, up to `thread`.
    private var heap = TimerHeap()
    private var sequence: UInt64 = 0
    private var wakesAt = Instant.distantFuture
    private var firing: LiveScheduler?
    private var isStopping = false
    private var thread: LiveThread?

    /// The number of cancelled timers that are still in the heap; a hint for when to sweep.
    private let cancelled = Atomic<Int>(0)
    /// Fewer dead timers than this are not worth a sweep.
    private static let sweepMinimum = 1024

    /// Starts the thread; ``shutdown()`` must end it.
    package init(clock: LiveClock = LiveClock()) {
        self.clock = clock
        monitor.withLock { thread = LiveThread { self.main() } }
    }

    /// Ends the thread after its current action, and drops all timers. MUST NOT be called from an action.
    package func shutdown() {
        let (running, forgotten) = monitor.withLock {
            isStopping = true
            monitor.broadcast()
            defer { thread = nil }
            return (thread, heap.removeAll { _ in true })
        }
        running?.join()
        withExtendedLifetime(forgotten) {}
    }

    func add(at deadline: Instant, for scheduler: LiveScheduler, _ action: @escaping @Sendable () -> Void) -> LiveTimer
    {
        let dead: [LiveTimer]
        monitor.lock()
        sequence += 1
        let timer = LiveTimer(deadline: deadline, sequence: sequence, scheduler: scheduler, action: action)
        dead = insert(timer)
        monitor.unlock()
        withExtendedLifetime(dead) {}
        return timer
    }

    /// The number of timers in the heap, including cancelled ones.
    var pendingCount: Int { monitor.withLock { heap.count } }

    func noteCancelled() { cancelled.add(1, ordering: .relaxed) }

    /// Reinserts timers that came due while their node was frozen. The monitor is held.
    func reinsert(_ timers: [LiveTimer]) {
        for timer in timers { heap.insert(timer) }
        monitor.broadcast()
    }

    /// Removes all timers of a node. The monitor is held.
    func removeAll(of scheduler: LiveScheduler) -> [LiveTimer] { heap.removeAll { $0.scheduler === scheduler } }

    /// Returns when no action of that node runs, except the caller. The monitor is held.
    func awaitQuiet(of scheduler: LiveScheduler) {
        if thread?.isCurrent == true { return }
        while firing === scheduler { monitor.wait() }
    }

    /// Inserts a timer. Returns dead timers for release outside the monitor.
    private func insert(_ timer: LiveTimer) -> [LiveTimer] {
        if isStopping { return [timer] }
        heap.insert(timer)
        if timer.deadline < wakesAt { monitor.broadcast() }
        let dead = cancelled.load(ordering: .relaxed)
        guard dead > Self.sweepMinimum, dead > heap.count / 2 else { return [] }
        cancelled.store(0, ordering: .relaxed)
        return heap.removeAll { $0.isCancelled }
    }

    private func main() {
        monitor.lock()
        while !isStopping {
            guard let timer = heap.first else {
                sleep(until: .distantFuture)
                continue
            }
            guard timer.deadline <= clock.now else {
                sleep(until: timer.deadline)
                continue
            }
            _ = heap.removeFirst()
            fire(timer)
        }
        monitor.unlock()
    }

    private func sleep(until deadline: Instant) {
        wakesAt = deadline
        if deadline == .distantFuture {
            monitor.wait()
        } else {
            monitor.wait(untilNanoseconds: clock.reading(at: deadline))
        }
        // While awake it checks the heap anyway, so no signal is needed.
        wakesAt = .start
    }

    /// Runs an action with the monitor released, and acquires it again.
    private func fire(_ timer: LiveTimer) {
        let scheduler = timer.scheduler
        if scheduler.holdsBack(timer) { return }
        firing = scheduler
        monitor.unlock()
        if let action = timer.takeAction() {
            action()
        } else {
            cancelled.subtract(1, ordering: .relaxed)
        }
        monitor.lock()
        firing = nil
        // Wakes the waiters in `awaitQuiet`. It costs a few nanoseconds when there are none.
        monitor.broadcast()
    }
}

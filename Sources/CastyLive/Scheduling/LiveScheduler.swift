package import CastyCore

/// A node's view of a ``TimerThread``: the live ``Scheduler``.
package final class LiveScheduler: Scheduler, Suspendable, @unchecked Sendable {
    let thread: TimerThread

    private enum Phase {
        case running, frozen, dead
    }

    /// The thread's monitor guards `phase` and `held`, the timers that came due while frozen.
    private var phase = Phase.running
    private var held: [LiveTimer] = []

    package init(thread: TimerThread) { self.thread = thread }

    package var now: Instant { thread.clock.now }

    package func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        thread.add(at: deadline, for: self, action)
    }

    package func freeze() {
        thread.monitor.withLock {
            if phase == .running { phase = .frozen }
            thread.awaitQuiet(of: self)
        }
    }

    package func thaw() {
        thread.monitor.withLock {
            guard phase == .frozen else { return }
            phase = .running
            thread.reinsert(held)
            held = []
        }
    }

    package func kill() {
        let forgotten = thread.monitor.withLock {
            phase = .dead
            defer { held = [] }
            let timers = held + thread.removeAll(of: self)
            thread.awaitQuiet(of: self)
            return timers
        }
        // Released outside the monitor: releasing the actions may run deinitializers.
        for timer in forgotten { _ = timer.takeAction() }
    }

    /// Takes a due timer if it may not fire now. The monitor is held.
    func holdsBack(_ timer: LiveTimer) -> Bool {
        switch phase {
        case .running:
            return false
        case .frozen:
            held.append(timer)
            return true
        case .dead:
            _ = timer.takeAction()
            return true
        }
    }
}

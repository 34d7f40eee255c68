package import CastyCore
import Glibc
import Synchronization

/// A node's view of a ``WorkerPool``: the live ``Dispatcher``.
///
/// Nodes of one process share the threads. Each has a view of its own, so that one can be frozen or killed while the
/// others run.
package final class LiveDispatcher: Dispatcher, Suspendable {
    package let budget: Int

    private let pool: WorkerPool
    private let clock: LiveClock
    private let phase = Atomic<UInt8>(Phase.running)
    private let held = Mutex<[Runnable]>([])
    // In a struct: a function that is itself the value of a generic type gets one more wrapper with each access, and
    // after enough of them a call overflows the stack.
    private struct Observer: Sendable { let ended: @Sendable (LongTurn) -> Void }

    private let observer = Mutex<Observer?>(nil)

    /// How a view treats the runnables it receives.
    private enum Phase {
        static let running: UInt8 = 0
        static let frozen: UInt8 = 1
        static let dead: UInt8 = 2
    }

    /// - Parameters:
    ///   - clock: Measures how long to wait for a turn that runs.
    ///   - budget: How many messages a turn may handle.
    package init(pool: WorkerPool, clock: LiveClock = LiveClock(), budget: Int = 256) {
        self.pool = pool
        self.clock = clock
        self.budget = budget
        pool.keep(self)
    }

    package func execute(_ runnable: Runnable) {
        guard phase.load(ordering: .relaxed) == Phase.running else {
            hold(runnable)
            return
        }
        if let worker = pool.currentWorker {
            worker._withUnsafeGuaranteedRef { $0.accept(runnable, from: self) }
        } else if let reader = pool.currentReader, reader._withUnsafeGuaranteedRef({ $0.accept(runnable, from: self) })
        {
            return
        } else {
            pool.inject(Turn(runnable: .passRetained(runnable), view: .passUnretained(self)))
        }
    }

    /// Prevents further turns. Returns when no turn of the view runs, except the one that calls this.
    ///
    /// Two turns of two nodes that freeze each other's node would wait forever, so nodes are frozen from outside.
    package func freeze() {
        let froze = held.withLock { _ in
            phase.compareExchange(
                expected: Phase.running, desired: Phase.frozen, ordering: .sequentiallyConsistent
            ).exchanged
        }
        if froze { _ = awaitQuiet(within: nil) }
    }

    /// Allows turns again, first those that were due in the meantime.
    package func thaw() {
        let waiting: [Runnable] = held.withLock { held in
            guard phase.load(ordering: .relaxed) == Phase.frozen else { return [] }
            phase.store(Phase.running, ordering: .sequentiallyConsistent)
            defer { held = [] }
            return held
        }
        for runnable in waiting {
            pool.inject(Turn(runnable: .passRetained(runnable), view: .passUnretained(self)))
        }
    }

    /// Drops the waiting runnables and all later ones. Returns when no turn of the view runs, except the one that calls
    /// this.
    package func kill() { _ = kill(within: nil) }

    /// The same, but waits at most `limit` for a turn that runs.
    ///
    /// - Returns: Whether no turn runs.
    package func kill(within limit: Duration?) -> Bool {
        let forgotten: [Runnable] = held.withLock { held in
            phase.store(Phase.dead, ordering: .sequentiallyConsistent)
            defer { held = [] }
            return held
        }
        defer { withExtendedLifetime(forgotten) {} }
        return awaitQuiet(within: limit)
    }

    package func observeLongTurns(_ observer: @escaping @Sendable (LongTurn) -> Void) {
        self.observer.withLock { $0 = Observer(ended: observer) }
    }

    package func yield() { sched_yield() }

    /// Of the whole pool: of all nodes that share it.
    package var turnTotals: TurnTotals? { pool.turnTotals }

    func report(_ turn: LongTurn) { observer.withLock { $0 }?.ended(turn) }

    /// Whether turns may start.
    @inline(__always)
    var isRunning: Bool { phase.load(ordering: .sequentiallyConsistent) == Phase.running }

    /// Takes a runnable that cannot run now.
    func hold(_ runnable: Runnable) {
        let wasThawed = held.withLock { held in
            switch phase.load(ordering: .relaxed) {
            case Phase.running: return true
            case Phase.frozen: held.append(runnable)
            default: break
            }
            return false
        }
        if wasThawed { execute(runnable) }
    }

    private func awaitQuiet(within limit: Duration?) -> Bool {
        let end = limit.map { clock.now + $0 }
        let own = pool.currentWorker?.takeUnretainedValue()
        let reader = pool.currentReader?.takeUnretainedValue()
        let view = Unmanaged.passUnretained(self).toOpaque()
        for slot in pool.allSlots where own?.sits(on: slot) != true && reader?.slot !== slot {
            var looks = 0
            while slot.serving.load(ordering: .sequentiallyConsistent)?.toOpaque() == view {
                looks += 1
                if let end, looks % 100 == 0, clock.now > end { return false }
                if looks < 100 { sched_yield() } else { usleep(50) }
            }
        }
        return true
    }
}

import CastyCore
import Glibc
import Synchronization

/// One thread of a ``WorkerPool``; all it holds is touched by that thread alone.
final class Worker {
    /// After so many turns from the last-in place the ring has its turn.
    private static let lastInLimit = 32
    /// Every so many turns the outside queue comes before the worker's own.
    private static let injectedInterval: UInt = 61
    /// How often an idle worker looks around before it sleeps: some microseconds.
    private static let looks = 24

    private let pool: WorkerPool
    private let index: Int
    private let seat: WorkerSlot

    /// The runnable woken last by a turn on this thread. Nobody can steal it, so two actors that talk to each other stay here.
    @exclusivity(unchecked) private var lastIn: Turn?
    @exclusivity(unchecked) private var lastInUses = 0
    @exclusivity(unchecked) private var ticks: UInt = 0
    @exclusivity(unchecked) private var isSearching = false
    /// What takes its turn now, and whether it asked for another.
    @exclusivity(unchecked) private var running: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var runsAgain = false
    /// The view of the turn taken last, as published in the seat.
    @exclusivity(unchecked) private var serving: UnsafeMutableRawPointer?

    init(pool: WorkerPool, index: Int) {
        self.pool = pool
        self.index = index
        seat = pool.seats[index]
    }

    func main() {
        pthread_setspecific(pool.threadKey, Unmanaged.passUnretained(self).toOpaque())
        while !pool.isStopping.load(ordering: .relaxed), let turn = next() ?? search() { run(turn) }
        leaveView()
        lastIn?.runnable.release()
        lastIn = nil
    }

    /// Whose seat this is; tells a waiting ``LiveDispatcher/freeze()`` which one is its caller's.
    func sits(on other: WorkerSlot) -> Bool { seat === other }

    /// Takes what a turn on this thread hands over.
    @inline(__always)
    func accept(_ runnable: Runnable, from view: LiveDispatcher) {
        if running == Unmanaged.passUnretained(runnable).toOpaque() {
            // It asks for another turn from within its turn: it queues up behind the others once this one has ended.
            runsAgain = true
            return
        }
        let turn = Turn(runnable: .passRetained(runnable), view: .passUnretained(view))
        guard let displaced = lastIn else {
            lastIn = turn
            return
        }
        lastIn = turn
        queueUp(displaced)
        pool.notify()
    }

    private func queueUp(_ turn: Turn) {
        if !seat.ring.append(turn) { pool.inject(turn) }
    }
}

extension Worker {
    @inline(__always)
    private func run(_ turn: Turn) {
        guard enter(turn.view) else {
            turn.view._withUnsafeGuaranteedRef { $0.hold(turn.runnable.takeRetainedValue()) }
            return
        }
        let pointer = turn.runnable.toOpaque()
        running = pointer
        runsAgain = false
        turn.runnable._withUnsafeGuaranteedRef { runnable in
            runnable.run(budget: turn.view._withUnsafeGuaranteedRef { $0.budget })
        }
        running = nil
        if runsAgain {
            queueUp(turn)
            // Where it is all there is, this worker takes it next itself.
            if lastIn != nil || seat.ring.count > 1 { pool.notify() }
        } else {
            turn.runnable.release()
        }
    }

    /// Publishes whose turn is taken; `false` when that view is frozen or dead.
    @inline(__always)
    private func enter(_ view: Unmanaged<LiveDispatcher>) -> Bool {
        let pointer = view.toOpaque()
        if serving != pointer {
            serving = pointer
            // MUST come before the view's phase is read: who freezes writes the phase and then reads this.
            _ = seat.serving.exchange(view, ordering: .sequentiallyConsistent)
        }
        if view._withUnsafeGuaranteedRef({ $0.isRunning }) { return true }
        leaveView()
        return false
    }

    private func leaveView() {
        serving = nil
        seat.serving.store(nil, ordering: .sequentiallyConsistent)
    }

    @inline(__always)
    private func next() -> Turn? {
        ticks &+= 1
        if ticks % Self.injectedInterval == 0, let turn = between() { return turn }
        if let turn = lastIn {
            if lastInUses < Self.lastInLimit {
                lastIn = nil
                lastInUses += 1
                return turn
            }
            lastInUses = 0
            if let older = seat.ring.take() {
                lastIn = nil
                queueUp(turn)
                return older
            }
            lastIn = nil
            return turn
        }
        lastInUses = 0
        return seat.ring.take()
    }

    /// What comes before the worker's own work now and then.
    private func between() -> Turn? {
        guard !pool.isStopping.load(ordering: .relaxed), let turn = pool.takeInjected() else { return nil }
        // What was going to be next waits for a turn longer, so another worker may have it.
        if seat.ring.count > 0 { pool.notify() }
        return turn
    }
}

extension Worker {
    /// Looks for work elsewhere, sleeping when there is none; `nil` when the pool stops.
    private func search() -> Turn? {
        leaveView()
        while !pool.isStopping.load(ordering: .relaxed) {
            if let turn = pool.takeInjected() { return found(turn) }
            if !isSearching, pool.searching.load(ordering: .relaxed) * 2 < pool.seats.count {
                pool.searching.add(1, ordering: .sequentiallyConsistent)
                isSearching = true
            }
            if isSearching {
                for _ in 0..<Self.looks {
                    if let turn = look() { return found(turn) }
                    // Not a bare spin: the core may be wanted by the threads that read the network.
                    sched_yield()
                }
            }
            sleep()
        }
        return nil
    }

    private func look() -> Turn? {
        if let turn = pool.takeInjected() { return turn }
        var other = index + 1
        for _ in 1..<pool.seats.count {
            if other >= pool.seats.count { other = 0 }
            if let turn = seat.ring.steal(from: pool.seats[other].ring) { return turn }
            other += 1
        }
        return nil
    }

    private func found(_ turn: Turn) -> Turn {
        if isSearching {
            isSearching = false
            let left = pool.searching.subtract(1, ordering: .sequentiallyConsistent).newValue
            // While this worker looked, hand-overs woke nobody; whoever looks last MUST pass that on.
            if left == 0, pool.hasWork { pool.notify() }
        }
        return turn
    }

    private func sleep() {
        let bit = UInt64(1) << UInt64(index)
        pool.asleep.bitwiseOr(bit, ordering: .sequentiallyConsistent)
        if isSearching {
            isSearching = false
            pool.searching.subtract(1, ordering: .sequentiallyConsistent)
        }
        // Work handed over before it was plain that this worker sleeps woke nobody: look once more.
        if pool.hasWork || pool.isStopping.load(ordering: .sequentiallyConsistent) {
            let before = pool.asleep.bitwiseAnd(~bit, ordering: .sequentiallyConsistent).oldValue
            if before & bit != 0 { return }
        }
        seat.park()
        // Woken by `notify`, which has counted this worker as one that looks, or by the end of the pool.
        isSearching = true
    }
}

import CastyCore
import Glibc
import Synchronization

/// One thread of a ``WorkerPool``. Only that thread touches its properties.
final class Worker {
    /// After this many turns in a row from the last-in slot, the ring comes first.
    private static let lastInLimit = 32
    /// Once in this many turns, the injection queue comes before the worker's own queue.
    private static let injectedInterval: UInt = 61
    /// How many times an idle worker looks for work before it sleeps: some microseconds.
    private static let looks = 24

    private let pool: WorkerPool
    private let index: Int
    private let slot: WorkerSlot
    /// The runnable woken last by a turn on this thread runs next here. No other worker steals it, so two actors that
    /// exchange messages stay here.
    private let lastIn: LastInSlot

    @exclusivity(unchecked) private var lastInUses = 0
    /// Counts the beginnings and ends of turns, as published in the worker's slot.
    @exclusivity(unchecked) private var turns: UInt64 = 0
    @exclusivity(unchecked) private var ticks: UInt = 0
    @exclusivity(unchecked) private var isSearching = false
    /// The runnable whose turn runs now, and whether it has requested another turn.
    @exclusivity(unchecked) private var running: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var runsAgain = false
    /// References from turns that have ended, for the next turns of the same actors.
    @exclusivity(unchecked) private var kept = KeptReferences()
    /// The connections to which the turn has sent something that waits for its end.
    @exclusivity(unchecked) private var writesDue: [TCPConnection] = []
    /// The view of the last turn, as published in the worker's slot.
    @exclusivity(unchecked) private var serving: UnsafeMutableRawPointer?
    private let stripe = ThreadStripe()

    init(pool: WorkerPool, index: Int) {
        self.pool = pool
        self.index = index
        slot = pool.slots[index]
        lastIn = slot.lastIn
        // The slot of a spare worker may have had another thread before.
        turns = slot.turns.load(ordering: .relaxed)
    }

    func main() {
        begin()
        while !pool.isStopping.load(ordering: .relaxed), let turn = next() ?? search() { run(turn) }
        leaveView()
        lastIn.take()?.runnable.release()
        kept.releaseAll()
    }

    /// The loop of a spare worker: takes turns while there are any and it is wanted, and then rests.
    func mainAsSpare(_ spares: SpareWorkers) {
        begin()
        repeat {
            takeTurnsAsSpare(spares)
            leaveView()
            kept.releaseAll()
        } while spares.rest(index, unless: { pool.growth.isAtOnce && pool.hasWork })
        lastIn.take()?.runnable.release()
    }

    private func takeTurnsAsSpare(_ spares: SpareWorkers) {
        while !pool.isStopping.load(ordering: .relaxed) {
            if spares.isSurplus(pool.wantedSpares.load(ordering: .relaxed)) { return handOver() }
            guard let turn = next() ?? look() else { return spares.stopRunning() }
            run(turn)
        }
        spares.stopRunning()
    }

    private func begin() {
        pthread_setspecific(pool.threadKey, Unmanaged.passUnretained(self).toOpaque())
        slot.begin()
    }

    /// Leaves what waits here to other workers.
    private func handOver() {
        if let turn = lastIn.take() { pool.inject(turn) }
        while let turn = slot.ring.take() { pool.inject(turn) }
    }

    /// Whether this worker owns a slot. A waiting ``LiveDispatcher/freeze()`` finds its caller's slot by it.
    func sits(on other: WorkerSlot) -> Bool { slot === other }

    /// Takes a runnable that a turn on this thread has woken.
    @inline(__always)
    func accept(_ runnable: Runnable, from view: LiveDispatcher) {
        if running == Unmanaged.passUnretained(runnable).toOpaque() {
            // It requests another turn during its turn, and queues up behind the others once this one has ended.
            runsAgain = true
            return
        }
        let turn = Turn(runnable: kept.reference(to: runnable), view: .passUnretained(view))
        // A turn of such a pool may block, so nothing waits for its end.
        if pool.growth.isAtOnce { return pool.inject(turn) }
        let displaced = lastIn.isEmpty ? nil : lastIn.take()
        lastIn.put(turn)
        guard let displaced else { return }
        queueUp(displaced)
        pool.notify()
    }

    private func queueUp(_ turn: Turn) {
        if !slot.ring.append(turn) { overflow(turn) }
    }

    /// Leaves half of what waits here to all workers at once: a turn that wakes very many would else take the lock of the
    /// shared queue for each.
    @inline(never)
    private func overflow(_ turn: Turn) {
        var turns = slot.ring.takeOlderHalf()
        turns.append(turn)
        pool.inject(turns)
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
        turns &+= 1
        slot.subject.store(UInt(bitPattern: pointer), ordering: .relaxed)
        slot.turns.store(turns, ordering: .releasing)
        turn.runnable._withUnsafeGuaranteedRef { runnable in
            let grant = TurnGrant(budget: turn.view._withUnsafeGuaranteedRef { $0.budget }, stripe: stripe.index)
            if runnable.pace.isMeasured { runMeasured(runnable, grant) } else { runnable.run(grant) }
        }
        running = nil
        turns &+= 1
        slot.turns.store(turns, ordering: .releasing)
        if !writesDue.isEmpty { requestWrites() }
        if runsAgain {
            queueUp(turn)
            // If it is the only work, this worker takes it next itself.
            if !lastIn.isEmpty || slot.ring.count > 1 { pool.notify() }
        } else if turn.runnable._withUnsafeGuaranteedRef({ $0.hasManyTurns }) {
            kept.keep(turn.runnable)
        } else {
            turn.runnable.release()
        }
    }

    /// Lets a connection wait for the end of the turn that runs now, where that turn gathers what it sends.
    ///
    /// - Returns: Whether it waits.
    func hold(_ connection: TCPConnection) -> Bool {
        guard let running,
            Unmanaged<Runnable>.fromOpaque(running)._withUnsafeGuaranteedRef({ $0.gathersWrites })
        else { return false }
        writesDue.append(connection)
        return true
    }

    @inline(never)
    private func requestWrites() {
        let due = writesDue
        writesDue.removeAll(keepingCapacity: true)
        for connection in due { connection.pullSoon() }
    }

    /// A turn whose length decides whether a reading thread may run the next ones.
    private func runMeasured(_ runnable: Runnable, _ grant: TurnGrant) {
        let start = LiveClock.reading
        runnable.run(grant)
        runnable.pace = runnable.pace.after(turnOf: LiveClock.reading - start)
    }

    /// Publishes the view whose turn runs. Returns `false` when that view is frozen or dead.
    @inline(__always)
    private func enter(_ view: Unmanaged<LiveDispatcher>) -> Bool {
        let pointer = view.toOpaque()
        if serving != pointer {
            serving = pointer
            // MUST come before the view's phase is read: `freeze()` writes the phase and then reads this.
            _ = slot.serving.exchange(view, ordering: .sequentiallyConsistent)
        }
        if view._withUnsafeGuaranteedRef({ $0.isRunning }) { return true }
        leaveView()
        return false
    }

    private func leaveView() {
        serving = nil
        slot.serving.store(nil, ordering: .sequentiallyConsistent)
    }

    @inline(__always)
    private func next() -> Turn? {
        ticks &+= 1
        if ticks % Self.injectedInterval == 0 {
            kept.releaseNext()
            if let turn = between() { return turn }
        }
        if !lastIn.isEmpty, let turn = lastIn.take() {
            if lastInUses < Self.lastInLimit {
                lastInUses += 1
                return turn
            }
            lastInUses = 0
            guard let older = slot.ring.take() else { return turn }
            queueUp(turn)
            return older
        }
        lastInUses = 0
        return slot.ring.take()
    }

    /// An injected turn, which now and then comes before the worker's own work.
    private func between() -> Turn? {
        guard !pool.isStopping.load(ordering: .relaxed), let turn = pool.takeInjected(sharing: slot.ring) else {
            return nil
        }
        // The turn that was to be next is delayed by one turn, so another worker may take it.
        if slot.ring.count > 0 { pool.notify() }
        return turn
    }
}

extension Worker {
    /// Looks for work elsewhere and sleeps when there is none. Returns `nil` when the pool stops.
    private func search() -> Turn? {
        leaveView()
        kept.releaseAll()
        while !pool.isStopping.load(ordering: .relaxed) {
            if let turn = pool.takeInjected(sharing: slot.ring) { return found(turn) }
            if !isSearching, pool.searching.load(ordering: .relaxed) * 2 < pool.workers {
                pool.searching.add(1, ordering: .sequentiallyConsistent)
                isSearching = true
            }
            if isSearching {
                for _ in 0..<Self.looks {
                    if let turn = look() { return found(turn) }
                    // Not a bare spin: the threads that read the network may need the core.
                    sched_yield()
                }
            }
            sleep()
        }
        return nil
    }

    private func look() -> Turn? {
        if let turn = pool.takeInjected(sharing: slot.ring) { return turn }
        let count = pool.searchedSlots
        var other = index + 1
        for _ in 0..<count {
            if other >= count { other = 0 }
            if other != index, let turn = slot.ring.steal(from: pool.slots[other].ring) { return turn }
            other += 1
        }
        return nil
    }

    private func found(_ turn: Turn) -> Turn {
        if isSearching {
            isSearching = false
            let left = pool.searching.subtract(1, ordering: .sequentiallyConsistent).newValue
            // While this worker searched, new work woke no other worker. The last one to search MUST wake the next.
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
        // Work added before this worker was marked asleep woke no worker, so check once more.
        if pool.hasWork || pool.isStopping.load(ordering: .sequentiallyConsistent) {
            let before = pool.asleep.bitwiseAnd(~bit, ordering: .sequentiallyConsistent).oldValue
            if before & bit != 0 {
                pool.watchdog?.noteWork()
                return
            }
        }
        slot.park()
        // Woken by `notify`, which has counted this worker as searching, or by the end of the pool.
        isSearching = true
        pool.watchdog?.noteWork()
    }
}

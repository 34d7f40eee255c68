import CastyCore
import Synchronization

/// The thread that sees that workers of a pool are blocked, and lets spare workers run instead.
///
/// It looks every 5 ms while the pool works, and sleeps while the pool sleeps. A turn counts as blocked after 15 ms in
/// which its thread has hardly used a core, and after 100 ms in which it has: more threads than cores make computing
/// no faster, but they let others have a turn at all. Source: the monitor thread of Go's runtime.
final class Watchdog: @unchecked Sendable {
    private static let tick = Duration.milliseconds(5)
    private static let waitingLimit = 15_000_000
    private static let computingLimit = 100_000_000
    private static let longTurn = 1_000_000_000
    /// After so many looks at a sleeping pool it sleeps too.
    private static let idleLooks = 40
    /// After so many looks one spare worker less is wanted, if none is needed more.
    private static let decayLooks = 10

    /// The turn that was seen last in a slot.
    private struct Seen {
        var turn: UInt64 = 0
        var since: Int64 = 0
        var computed: Int64 = 0
        var isReported = false
    }

    private let slots: [WorkerSlot]
    private let workers: Int
    private let slot = WorkerSlot(capacity: 1)
    private let isAsleep = Atomic<Bool>(false)
    private let isReporting = Atomic<Bool>(false)
    /// Only the thread itself uses these.
    private var seen: [Seen]
    private var seenReaders: [ObjectIdentifier: Seen] = [:]
    private var wanted = 0
    private var looksSinceDecay = 0

    init(_ slots: [WorkerSlot], workers: Int) {
        self.slots = slots
        self.workers = workers
        seen = Array(repeating: Seen(), count: slots.count)
    }

    /// A worker has been woken.
    @inline(__always)
    func noteWork() { if isAsleep.load(ordering: .sequentiallyConsistent) { wake() } }

    func wake() {
        isAsleep.store(false, ordering: .sequentiallyConsistent)
        slot.wake()
    }

    func main(_ pool: WorkerPool) {
        var idle = 0
        while !pool.isStopping.load(ordering: .sequentiallyConsistent) {
            look(at: pool)
            let isReading = look(atReadersOf: pool)
            idle = pool.isAsleep && !isReading ? idle + 1 : 0
            if idle < Self.idleLooks {
                _ = slot.park(within: Self.tick)
            } else {
                isAsleep.store(true, ordering: .sequentiallyConsistent)
                // A worker woken before that has not noticed it.
                if pool.isAsleep, !pool.isReading, !pool.isStopping.load(ordering: .sequentiallyConsistent) {
                    slot.park()
                }
                isAsleep.store(false, ordering: .sequentiallyConsistent)
                idle = 0
            }
        }
    }

    private func look(at pool: WorkerPool) {
        let now = LiveClock.reading
        let blocked = (0..<pool.searchedSlots).reduce(0) {
            $0 + (isBlocked(slots[$1], &seen[$1], in: pool, at: now) ? 1 : 0)
        }
        let running = pool.spares.runningCount
        let waiting = pool.waitingTurns
        var needed = blocked
        // Behind those that block there may be more of the kind, so when none is left that works, many are added.
        if blocked > 0, waiting > 0, blocked >= workers + running {
            needed = running + min(waiting, max(2 * workers, running))
        }
        looksSinceDecay += 1
        if needed >= wanted {
            (wanted, looksSinceDecay) = (min(needed, pool.growth.limit), 0)
        } else if looksSinceDecay >= Self.decayLooks {
            (wanted, looksSinceDecay) = (wanted - 1, 0)
        }
        pool.wantedSpares.store(wanted, ordering: .relaxed)
        if blocked > 0, waiting > 0, wanted > running { pool.addSpares(wanted - running) }
    }

    /// Leaves to the workers what waits behind a blocked turn on a thread that reads from the network.
    ///
    /// - Returns: Whether any such thread has run turns since the last look.
    private func look(atReadersOf pool: WorkerPool) -> Bool {
        let now = LiveClock.reading
        var isActive = false
        var readers: [ObjectIdentifier: Seen] = [:]
        for reader in pool.readerSlots {
            var last = seenReaders[ObjectIdentifier(reader)] ?? Seen()
            let turn = last.turn
            if isBlocked(reader, &last, in: pool, at: now) {
                while let first = slot.ring.steal(from: reader.ring) {
                    pool.inject(first)
                    while let more = slot.ring.take() { pool.inject(more) }
                }
            }
            isActive = isActive || last.turn != turn || last.turn % 2 == 1
            readers[ObjectIdentifier(reader)] = last
        }
        seenReaders = readers
        return isActive
    }

    /// Whether the turn that runs in a slot is blocked. If so, what waits for its end is left to others.
    private func isBlocked(_ slot: WorkerSlot, _ seen: inout Seen, in pool: WorkerPool, at now: Int64) -> Bool {
        let turn = slot.turns.load(ordering: .acquiring)
        guard turn % 2 == 1 else {
            seen.turn = turn
            return false
        }
        guard seen.turn == turn else {
            seen = Seen(turn: turn, since: now, computed: slot.computed ?? 0)
            return false
        }
        let elapsed = now - seen.since
        guard elapsed >= Self.waitingLimit else { return false }
        if elapsed >= Self.longTurn, !seen.isReported {
            seen.isReported = true
            report(slot, turn, elapsed)
        }
        let computed = (slot.computed ?? 0) - seen.computed
        guard elapsed >= Self.computingLimit || computed < elapsed / 4 else { return false }
        if let next = slot.lastIn.take() { pool.inject(next) }
        return true
    }

    /// Reports a long turn on a thread of its own, because whoever learns of it may search for long. One at a time: a
    /// turn that is long meanwhile is not reported.
    private func report(_ slot: WorkerSlot, _ turn: UInt64, _ elapsed: Int64) {
        guard let view = slot.serving.load(ordering: .sequentiallyConsistent),
            slot.turns.load(ordering: .acquiring) == turn,
            !isReporting.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        let long = LongTurn(
            runnable: slot.subject.load(ordering: .relaxed), duration: .nanoseconds(elapsed),
            isRunning: { slot.turns.load(ordering: .acquiring) == turn })
        let dispatcher = view.takeUnretainedValue()
        let thread = LiveThread(ifPossible: { [self] in
            dispatcher.report(long)
            isReporting.store(false, ordering: .releasing)
        })
        thread?.detach()
        if thread == nil { isReporting.store(false, ordering: .releasing) }
    }
}

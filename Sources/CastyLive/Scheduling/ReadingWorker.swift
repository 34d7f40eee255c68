import CastyCore
import Glibc
import Synchronization

/// Runs short turns on the thread that read their messages from the network, instead of waking a worker for each.
///
/// While a piece of a stream is being handled, the runnables that it wakes and whose turns are known to be short collect
/// here. They run when the piece has been handled, and what they send leaves with the write that follows. So a question
/// is answered without a change of threads. Everything else goes to the workers: runnables whose turns are long or not
/// known yet, those that have more messages than one turn here may handle, and what still waits when the time is up.
///
/// A turn that blocks nevertheless delays what the thread has to read. The watchdog then leaves the runnables that wait
/// here to the workers.
///
/// Except for the slot, only its thread touches it.
final class ReadingWorker: @unchecked Sendable {
    /// How many messages a turn may handle here.
    private static let budget = 64
    /// How long turns may follow one another before the thread reads again, in nanoseconds.
    private static let holdLimit: Int64 = 200_000

    let slot = WorkerSlot(capacity: 256)
    private let pool: WorkerPool
    @exclusivity(unchecked) private var isOpen = false
    @exclusivity(unchecked) private var hasBegun = false
    @exclusivity(unchecked) private var turns: UInt64 = 0
    /// The runnable whose turn runs now, and whether it has requested another turn.
    @exclusivity(unchecked) private var running: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var runsAgain = false
    private let stripe = ThreadStripe()

    init(_ pool: WorkerPool) {
        self.pool = pool
        pool.add(reader: slot)
    }

    deinit {
        pool.remove(reader: slot)
        while let turn = slot.ring.take() { turn.runnable.release() }
    }

    /// Whether a connection waits for the end of a worker's turn, which is the caller.
    func letsWait(_ connection: TCPConnection) -> Bool {
        guard let worker = pool.currentWorker else { return false }
        return worker._withUnsafeGuaranteedRef { $0.hold(connection) }
    }

    /// Handles a piece of a stream, and then runs the short turns that it has woken.
    @inline(__always)
    func read(_ body: () -> Void) {
        // A turn may close a connection, whose last notice is then handled inside this call.
        if isOpen { return body() }
        begin()
        body()
        if slot.ring.count > 0 { runTurns() }
        end()
    }

    private func begin() {
        isOpen = true
        if !hasBegun {
            hasBegun = true
            slot.begin()
        }
        pthread_setspecific(pool.readerKey, Unmanaged.passUnretained(self).toOpaque())
    }

    private func end() {
        pthread_setspecific(pool.readerKey, nil)
        isOpen = false
    }

    /// Takes a runnable that was woken on this thread. Returns `false` where a worker has to run it.
    func accept(_ runnable: Runnable, from view: LiveDispatcher) -> Bool {
        if running == Unmanaged.passUnretained(runnable).toOpaque() {
            runsAgain = true
            return true
        }
        let pace = runnable.pace
        guard pace == .short else {
            if pace == .unknown { runnable.pace = .measured }
            return false
        }
        let turn = Turn(runnable: .passRetained(runnable), view: .passUnretained(view))
        if slot.ring.append(turn) { return true }
        turn.runnable.release()
        return false
    }

    private func runTurns() {
        let start = LiveClock.reading
        var now = start
        while let turn = slot.ring.take() {
            guard !pool.isStopping.load(ordering: .relaxed), now - start < Self.holdLimit else {
                pool.inject(turn)
                continue
            }
            run(turn)
            let then = LiveClock.reading
            let elapsed = then - now
            now = then
            if elapsed >= TurnPace.shortTurn {
                turn.runnable._withUnsafeGuaranteedRef { $0.pace = $0.pace.after(turnOf: elapsed) }
            }
            if runsAgain { pool.inject(turn) } else { turn.runnable.release() }
        }
        leaveView()
    }

    private func run(_ turn: Turn) {
        runsAgain = false
        // MUST come before the view's phase is read: `freeze()` writes the phase and then reads this.
        _ = slot.serving.exchange(turn.view, ordering: .sequentiallyConsistent)
        pool.watchdog?.noteWork()
        guard turn.view._withUnsafeGuaranteedRef({ $0.isRunning }) else {
            leaveView()
            turn.view._withUnsafeGuaranteedRef { $0.hold(turn.runnable.takeUnretainedValue()) }
            return
        }
        let pointer = turn.runnable.toOpaque()
        running = pointer
        turns &+= 1
        slot.subject.store(UInt(bitPattern: pointer), ordering: .relaxed)
        slot.turns.store(turns, ordering: .releasing)
        turn.runnable._withUnsafeGuaranteedRef { $0.run(TurnGrant(budget: Self.budget, stripe: stripe.index)) }
        running = nil
        turns &+= 1
        slot.turns.store(turns, ordering: .releasing)
    }

    private func leaveView() { slot.serving.store(nil, ordering: .sequentiallyConsistent) }
}

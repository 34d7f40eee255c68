import CastyCore
public import Synchronization

extension ActorCell {
    /// Takes one turn: signals first, then at most `budget` messages.
    @inlinable
    package func drain(budget: Int) {
        var left = budget
        while left > 0 {
            // Nearly all turns are of an actor that runs and has only messages.
            if lifecycle == .running, !isSuspended, !isHooked, !signalled.load(ordering: .acquiring) {
                if next == batch.count, !refill() { return }
                if next < batch.count { left = handleBatch(left) }
                if changesDispatcher {
                    changesDispatcher = false
                    return requestTurn()
                }
                continue
            }
            // Before the signals: an actor that is stopped before its first turn still starts, so that its last signal
            // finds what its start created.
            if lifecycle == .starting {
                if isHooked, !mayRun() {
                    if signalled.load(ordering: .acquiring) { handleSignals() }
                    if rest() { return }
                    continue
                }
                start()
            }
            if signalled.load(ordering: .acquiring) { handleSignals() }
            if isSuspended, staysSuspended() {
                // A handler that never waits gives way like one that handles many messages.
                left &-= 1
                if rest() { return }
                continue
            }
            switch lifecycle {
            case .running:
                if isHooked, !mayRun() {
                    if rest() { return }
                    continue
                }
            case .starting: continue
            case .stopped: return
            case .restarting, .stopping:
                // User messages wait until the actor runs again or has stopped. Only signals can bring that about.
                if rest() { return }
                continue
            }
            if next == batch.count, !refill() { return }
            if next < batch.count { left = handleBatch(left) }
            if changesDispatcher {
                changesDispatcher = false
                return requestTurn()
            }
        }
        requestTurn()
    }

    /// Whether the hooks let this actor run.
    @usableFromInline
    func mayRun() -> Bool { hooks?.mayRun() ?? true }

    /// Moves the next message out of the batch.
    @inlinable @inline(__always)
    func takeNext() -> Message {
        let message = batch.take(at: next)
        next &+= 1
        unhandled.store(batch.count &- next, ordering: .relaxed)
        return message
    }

    /// Handles the batch until it ends, the budget is spent, a signal arrives, or the behavior changes. Returns the
    /// rest of the budget.
    @inlinable
    func handleBatch(_ budget: Int) -> Int {
        var left = budget
        // Not computed from `next`, which the end of the actor resets to 0.
        defer { system.counters.addHandled(UInt64(budget &- left), by: uid) }
        switch behavior.kind {
        case .handle(let handler): left = handleBatch(left, handler)
        case .receive(let receiver): left = handleBatch(left, receiver.onMessage)
        case .ignore:
            while next < batch.count {
                _ = takeNext()
                left &-= 1
            }
        case .receiveAsync:
            left &-= 1
            beginAsync(takeNext())
        case .same, .stopped, .unhandled, .empty, .setup, .supervised, .unstash, .dispatched, .awaiting:
            while next < batch.count, left > 0 {
                let message = takeNext()
                left &-= 1
                system.unhandled(message, by: self)
            }
        }
        return max(left, 0)
    }

    /// The same with a handler, which this call keeps: while it runs, its node may end and its behavior with it.
    @inlinable @inline(__always)
    func handleBatch(
        _ budget: Int, _ handler: (ActorContext<Message>, Message) throws -> Behavior<Message>
    ) -> Int {
        var left = budget
        let context = ActorContext(self)
        while next < batch.count, left > 0 {
            // Before each message, not each batch: the process may have hung since the last one.
            if isHooked, !mayRun() { return left }
            let message = takeNext()
            left &-= 1
            do {
                let following = try handler(context, message)
                if case .same = following.kind {
                    if signalled.load(ordering: .relaxed) { return left }
                    continue
                }
                become(following, after: message)
                return left
            } catch {
                fail(error, handling: message)
                return left
            }
        }
        return left
    }

    @usableFromInline
    func handleSignals() {
        let signals = takeSignals()
        for signal in signals {
            // Signals that arrived together with the end are answered like those that arrive later.
            if lifecycle == .stopped { refuse(signal) } else { handle(signal) }
        }
    }
}

public import CastyCore
public import Synchronization

extension ActorCell {
    /// Takes one turn: signals first, then at most as many messages as are granted.
    @inlinable
    package func drain(_ grant: TurnGrant) {
        var left = grant.budget
        while left > 0 {
            // Nearly all turns are of an actor that runs and has only messages.
            if lifecycle == .running, !isSuspended, !isHooked, !signalled.load(ordering: .acquiring) {
                if isBatchDone, !refill() { return }
                if !isBatchDone { left = handleBatch(left, on: grant.stripe) }
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
            if isBatchDone, !refill() { return }
            if !isBatchDone { left = handleBatch(left, on: grant.stripe) }
            if changesDispatcher {
                changesDispatcher = false
                return requestTurn()
            }
        }
        requestTurn()
    }

    /// Whether the hooks let this actor run.
    @usableFromInline
    func mayRun() -> Bool {
        // Not by `hooks`, which would be copied for each message.
        !isHooked || unsafeDowncast(self, to: HookedActorCell<Message>.self).cellHooks.mayRun()
    }

    /// Moves the next message out of the batch.
    @inlinable @inline(__always)
    func takeNext() -> Message {
        let waiting = unhandled.load(ordering: .relaxed)
        let message = batch.take(at: batch.count &- waiting)
        unhandled.store(waiting &- 1, ordering: .relaxed)
        return message
    }

    /// Handles the batch until it ends, the budget is spent, a signal arrives, or the behavior changes. Returns the
    /// rest of the budget.
    ///
    /// - Parameter stripe: Where the messages are counted.
    @inlinable
    func handleBatch(_ budget: Int, on stripe: Int) -> Int {
        var left = budget
        // Not computed from `unhandled`, which the end of the actor resets to 0.
        defer { system.counters.addHandled(UInt64(budget &- left), on: stripe) }
        var end = BatchEnd<Message>.none
        lendBehavior { ActorContext(self).handleBatch(&left, &end, with: $0.kind) }
        switch end {
        case .none: break
        case .waits(let message): beginAsync(message)
        case .follows(let behavior, let message): become(behavior, after: message)
        case .failed(let error, let message): fail(error, handling: message)
        }
        return max(left, 0)
    }

    /// Moves the behavior out for the handlers of a batch, and then back. So it outlives them, also where one of them
    /// ends its node, and no reference to it is counted.
    @inlinable @inline(__always)
    func lendBehavior(_ body: (Behavior<Message>) -> Void) {
        var isForgotten = false
        withUnsafeMutablePointer(to: &behavior) { slot in
            let lent = slot.move()
            slot.initialize(to: .same)
            body(lent)
            // What a node's end leaves in the slot owns nothing either, so it may be overwritten.
            if case .empty = slot.pointee.kind { isForgotten = true }
            slot.initialize(to: lent)
        }
        if isForgotten { behavior = .empty }
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

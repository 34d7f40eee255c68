import CastyCore
public import Synchronization

extension ActorCell {
    /// Takes one turn: signals first, then at most `budget` messages.
    @inlinable
    package func drain(budget: Int) {
        var left = budget
        while left > 0 {
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
            if isSuspended { beginAsync() }
            if changesDispatcher {
                changesDispatcher = false
                return requestTurn()
            }
        }
        requestTurn()
    }

    /// Swaps the mailbox into the batch. Returns whether the turn continues; otherwise the actor is idle.
    @inlinable
    func refill() -> Bool {
        if notesActivity, !batch.isEmpty { noteActivity() }
        consumed &+= UInt64(batch.count)
        batch.removeAll(keepingCapacity: batch.capacity <= 1024)
        next = 0
        return mailbox.withLock { state -> Bool in
            if !state.messages.isEmpty {
                swap(&state.messages, &batch)
                return true
            }
            if !state.signals.isEmpty { return true }
            if state.stopsWhenEmpty {
                state.stopsWhenEmpty = false
                state.signals.append(.stop)
                signalled.store(true, ordering: .relaxed)
                return true
            }
            state.status = .idle
            return false
        }
    }

    /// Whether the hooks let this actor run.
    @usableFromInline
    func mayRun() -> Bool { hooks?.mayRun() ?? true }

    /// Becomes idle unless signals wait. Returns whether it did.
    @usableFromInline
    func rest() -> Bool {
        mailbox.withLock { state -> Bool in
            if !state.signals.isEmpty { return false }
            if state.status == .scheduled { state.status = isSuspended ? .suspended : .idle }
            return true
        }
    }

    /// Handles the batch until it ends, the budget is spent, a signal arrives, or the behavior changes. Returns the
    /// rest of the budget.
    @inlinable
    func handleBatch(_ budget: Int) -> Int {
        var left = budget
        // Not computed from `next`, which the end of the actor resets to 0.
        defer { system.handled.add(UInt64(budget &- left), ordering: .relaxed) }
        switch behavior.kind {
        case .receive(let receiver):
            let context = ActorContext(self)
            while next < batch.count, left > 0 {
                // Before each message, not each batch: the process may have hung since the last one.
                if isHooked, !mayRun() { return left }
                let message = batch[next]
                next &+= 1
                left &-= 1
                do {
                    let following = try receiver.onMessage(context, message)
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
        case .ignore:
            left &-= batch.count &- next
            next = batch.count
        case .receiveAsync:
            next &+= 1
            left &-= 1
            isSuspended = true
        case .same, .stopped, .unhandled, .empty, .setup, .supervised, .unstash, .dispatched, .awaiting:
            while next < batch.count, left > 0 {
                let message = batch[next]
                next &+= 1
                left &-= 1
                system.unhandled(message, by: self)
            }
        }
        return max(left, 0)
    }

    @usableFromInline
    func handleSignals() {
        let signals = mailbox.withLock { state -> [SystemMessage] in
            let taken = state.signals
            state.signals.removeAll()
            signalled.store(false, ordering: .relaxed)
            return taken
        }
        for signal in signals {
            // Signals that arrived together with the end are answered like those that arrive later.
            if lifecycle == .stopped { refuse(signal) } else { handle(signal) }
        }
    }
}

import CastyCore
public import Synchronization

extension AnyActorCell {
    /// Takes the lock of the mailbox. Returns the state before.
    @inlinable @inline(__always)
    final func lockMailbox() -> MailboxState { mailbox.tryLock() ?? lockMailboxSlowly() }

    @usableFromInline @inline(never)
    final func lockMailboxSlowly() -> MailboxState {
        while true {
            // Looks without writing, so that the owner keeps its cache line.
            for _ in 0..<100 where !mailbox.current.has(.locked) {
                if let state = mailbox.tryLock() { return state }
            }
            // Its owner may have lost its core.
            system.dispatcher.yield()
        }
    }
}

extension ActorCell {
    /// Puts a message into the mailbox or returns why not. The caller accounts for a refused message.
    @inlinable
    func put(_ message: Message) -> Delivery {
        if takesDetour { return putByDetour(message) { _ in } }
        return append(message) { _ in }
    }

    /// Puts a question into the mailbox and stores in it its position among the accepted messages.
    @inlinable
    func put<Reply: Sendable>(_ message: Message, asking pending: PendingAsk<Reply>) -> Delivery {
        if takesDetour { return putByDetour(message) { pending.number.store($0, ordering: .relaxed) } }
        return append(message) { pending.number.store($0, ordering: .relaxed) }
    }

    /// - Parameter note: Called with the message's position among those accepted before the actor can handle it.
    @inlinable @inline(__always)
    func append(_ message: Message, note: (UInt64) -> Void) -> Delivery {
        let state = lockMailbox()
        if state == .idle, batch.count == 0, capacity > 0 {
            // No turn runs, so the batch belongs to the owner of the lock. One message is always welcome: none waits.
            accepted &+= 1
            note(accepted)
            batch.append(message)
            unhandled.store(batch.count, ordering: .relaxed)
            mailbox.unlock(.scheduled)
            requestTurn()
            return .accepted
        }
        if state.has(.terminated) || inbox.count >= capacity || (isBounded && isFull) { return refuse(state) }
        accepted &+= 1
        note(accepted)
        inbox.append(message)
        if state.has(.scheduled) || state.has(.suspended) {
            mailbox.unlock(state.with(.mail))
            return .accepted
        }
        mailbox.unlock(state.with(.mail).with(.scheduled))
        requestTurn()
        return .accepted
    }

    /// Puts messages into the mailbox under one lock, where each would be accepted: the mailbox is open and has no bound,
    /// and nothing else is done with a message on its way.
    ///
    /// - Parameter messages: Moved out if they were accepted, and otherwise left as they are.
    /// - Returns: Whether they were accepted.
    func put(moving messages: UnsafeMutableBufferPointer<Message>) -> Bool {
        if takesDetour || isBounded || messages.isEmpty { return false }
        let state = lockMailbox()
        // An actor that stops after its last message has room for none.
        if state.has(.terminated) || capacity != Self.unlimited {
            mailbox.unlock(state)
            return false
        }
        accepted &+= UInt64(messages.count)
        if state == .idle, batch.count == 0 {
            // No turn runs, so the batch belongs to the owner of the lock.
            batch.append(moving: messages)
            unhandled.store(batch.count, ordering: .relaxed)
            mailbox.unlock(.scheduled)
            requestTurn()
            return true
        }
        inbox.append(moving: messages)
        let isDue = state.has(.scheduled) || state.has(.suspended)
        mailbox.unlock(isDue ? state.with(.mail) : state.with(.mail).with(.scheduled))
        if !isDue { requestTurn() }
        return true
    }

    /// Whether as many messages wait as may, those of the batch included. The mailbox is locked.
    @usableFromInline
    var isFull: Bool { Int(inbox.count) + Int(unhandled.load(ordering: .relaxed)) >= Int(capacity) }

    /// Releases the lock. Returns why the mailbox takes no message.
    @usableFromInline @inline(never)
    func refuse(_ state: MailboxState) -> Delivery {
        let capacity = capacity
        mailbox.unlock(state)
        // An actor that stops after its last message has room for none.
        return .refused(state.has(.terminated) || capacity == 0 ? .noSuchActor : .mailboxFull)
    }

    /// Swaps the mailbox into the batch. Returns whether the turn continues; otherwise the actor is idle.
    @inlinable
    func refill() -> Bool {
        if notesActivity, batch.count > 0 { noteActivity() }
        batch.reset()
        if mailbox.move(from: .scheduled, to: .idle) { return false }
        let state = lockMailbox()
        if inbox.count > 0 {
            swap(&inbox, &batch)
            unhandled.store(batch.count, ordering: .relaxed)
            mailbox.unlock(state.without(.mail))
            return true
        }
        return refillWithSignals(state)
    }

    /// There is no message: looks for signals, and otherwise becomes idle.
    @usableFromInline
    func refillWithSignals(_ state: MailboxState) -> Bool {
        if state.has(.signals) {
            mailbox.unlock(state)
            return true
        }
        if state.has(.stopsWhenEmpty) {
            signals.append(.stop)
            signalled.store(true, ordering: .relaxed)
            mailbox.unlock(state.without(.stopsWhenEmpty).with(.signals))
            return true
        }
        mailbox.unlock(state.without(.scheduled))
        return false
    }

    /// Becomes idle unless signals wait. Returns whether it did.
    @usableFromInline
    func rest() -> Bool {
        let state = lockMailbox()
        if state.has(.signals) {
            mailbox.unlock(state)
            return false
        }
        if state.has(.scheduled) {
            let resting = state.without(.scheduled)
            mailbox.unlock(isSuspended ? resting.with(.suspended) : resting)
        } else {
            mailbox.unlock(state)
        }
        return true
    }

    /// Takes the waiting signals.
    func takeSignals() -> [SystemMessage] {
        let state = lockMailbox()
        let taken = signals
        signals = []
        signalled.store(false, ordering: .relaxed)
        mailbox.unlock(state.without(.signals))
        return taken
    }

    /// Closes the mailbox for good. Returns the messages, `nil` where there were none, and the signals that were in it.
    func closeMailbox() -> (messages: [Message]?, signals: [SystemMessage]) {
        _ = lockMailbox()
        let isEmpty = isBatchDone && inbox.count == 0
        let taken = (isEmpty ? nil : batch.removeAll(from: next) + inbox.removeAll(from: 0), signals)
        batch.reset()
        unhandled.store(0, ordering: .relaxed)
        signals = []
        mailbox.unlock(.terminated)
        return taken
    }
}

import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastyRemoting
import Synchronization

/// The messages that wait for the region's actor.
extension ShardSlot {
    /// A message waits.
    ///
    /// - Parameters:
    ///   - entity: The entity that refused the message because it stops; otherwise `nil`.
    ///   - isCopy: Whether the message was encoded and decoded.
    ///   - callActor: Called, under the lock, where the actor has to learn that messages wait. Under the lock, because
    ///     what comes to the actor later, such as the marker that ends a stream, may overtake none of them.
    /// - Returns: Whether it waits; `false` where the actor has ended.
    func wait(
        _ message: ErasedMessage, for name: String, refusedBy entity: LocalEntity? = nil,
        _ origin: WaitingMessage.Origin, isCopy: Bool = false, callActor: () -> Delivery
    ) -> Bool {
        state.withLock { state in
            if let entity {
                entity.uses -= 1
                // It may have been dropped since it was found.
                if state.entities[name] == nil { state.entities[name] = entity }
            }
            let entity = state.entity(name)
            return state.wait(WaitingMessage(message, for: entity, origin, isCopy: isCopy), callActor)
        }
    }

    /// The most messages of callers that the actor takes in one turn.
    static let mostTaken = 1024

    /// The actor takes what waits, or the first part of it. It MUST call ``settle(_:with:)`` when all effects of these
    /// messages are performed.
    ///
    /// - Parameter callActor: Called, under the lock, where some are left.
    func takeWaiting(callActor: () -> Delivery) -> [WaitingMessage] {
        state.withLock { $0.takeWaiting(atMost: Self.mostTaken, callActor) }
    }

    /// The actor has ended.
    ///
    /// - Returns: The messages that wait, which it has to account for.
    func end() -> [WaitingMessage] {
        state.withLock { state in
            state.isOver = true
            return state.takeWaiting()
        }
    }

    /// How many messages wait.
    var waitingCount: Int { state.withLock { $0.backlog.reduce($0.waiting.count) { $0 + $1.count } } }

    /// The actor has handled messages that waited. Those that have come for the same entities meanwhile go on at once
    /// where the route is open by now, so that it is open for those that follow.
    ///
    /// All of this is one hold of the lock, in which no caller can add a message: a route that is open when this begins is
    /// open for every entity when it ends, except for messages that came while it was closed, which the actor takes next.
    /// They are at most as many as came before the turn in which the route opened: what comes later is ready to pass. So
    /// the route opens after a bounded number of turns, however fast the senders are.
    ///
    /// - Returns: What is to be done without the lock.
    func settle(_ handled: [WaitingMessage], with exit: Exit) -> Passed {
        state.withLock { state in
            for message in handled {
                message.entity.waiting -= 1
                state.drop(message.entity)
            }
            var passed = Passed()
            // What is left goes first; to look at the others before would be in vain each time.
            guard state.backlog.isEmpty, !state.waiting.isEmpty else { return passed }
            passed.seen = state.waiting
            state.waiting = []
            state.arrived = 0
            for message in passed.seen {
                if !message.entity.isHeldBack, state.pass(message, exit, &passed) {
                    message.entity.waiting -= 1
                    state.drop(message.entity)
                } else {
                    message.entity.isHeldBack = true
                    state.append(message)
                }
            }
            for message in state.waiting { message.entity.isHeldBack = false }
            return passed
        }
    }

    /// The ways out for messages that waited.
    struct Exit {
        /// Puts a message into the mailbox of an entity; `nil` where none runs here.
        let offer: ((ErasedMessage, AnyActorCell) -> Delivery)?
        /// Whether only messages that were encoded and decoded are put into mailboxes.
        var needsCopies = false
        /// Whether deliveries with this head may pass the actor by.
        let admits: (EnvelopeHead) -> Bool
        let now: Instant
        /// The shard is used for the first time since the region learned of its use.
        let firstUse: () -> Void
    }

    /// What follows from messages that have passed.
    struct Passed {
        /// All that were looked at. They are let go without the lock: the end of a user's message may send another one
        /// to the same shard.
        var seen: [WaitingMessage] = []
        /// Sent to another node.
        var sent: [(message: WaitingMessage, queued: QueuedMessage)] = []
        /// Refused by the mailbox of their entity.
        var refused: [(message: WaitingMessage, reason: LossReason)] = []
    }
}

extension ShardSlot.State {
    /// - Returns: Whether it waits; `false` where the actor has ended.
    mutating func wait(_ message: WaitingMessage, _ callActor: () -> Delivery) -> Bool {
        if !isTurnDue, !isOver {
            if case .refused = callActor() { isOver = true } else { isTurnDue = true }
        }
        guard !isOver else {
            drop(message.entity)
            return false
        }
        message.entity.waiting += 1
        append(message)
        return true
    }

    fileprivate mutating func append(_ message: WaitingMessage) {
        if case .node = message.origin { arrived += 1 }
        waiting.append(message)
    }

    /// Takes all messages.
    fileprivate mutating func takeWaiting() -> [WaitingMessage] {
        isTurnDue = false
        defer { (backlog, waiting, arrived) = ([], [], 0) }
        return backlog.isEmpty ? waiting : backlog.reversed().flatMap { $0 } + waiting
    }

    /// Takes messages, and calls the actor again if any are left. None is let go here, under the lock.
    fileprivate mutating func takeWaiting(atMost most: Int, _ callActor: () -> Delivery) -> [WaitingMessage] {
        // Behind messages of another node the marker that ends their stream may be in the actor's mailbox already, and
        // may overtake none of them.
        guard arrived == 0, !backlog.isEmpty || waiting.count > most else { return takeWaiting() }
        if backlog.isEmpty {
            backlog = stride(from: 0, to: waiting.count, by: most).reversed().map {
                Array(waiting[$0..<min($0 + most, waiting.count)])
            }
            waiting = []
        }
        let taken = backlog.removeLast()
        isTurnDue = !backlog.isEmpty || !waiting.isEmpty
        if isTurnDue, case .refused = callActor() { isOver = true }
        return taken
    }

    /// Sends a message on.
    ///
    /// - Returns: Whether it has gone; otherwise nothing has happened.
    fileprivate mutating func pass(
        _ message: WaitingMessage, _ exit: ShardSlot.Exit, _ passed: inout ShardSlot.Passed
    ) -> Bool {
        switch (message.origin, sending) {
        case (.caller, .remote(let remote)):
            guard let queued = remote.queue(message.encoded) else { return false }
            passed.sent.append((message, queued))
            return true
        case (.caller, .local): return offer(message, exit, &passed)
        case (.caller, .closed): return false
        case (.node(let delivery, let head), _):
            guard delivery.sequence > 0, takes(delivery.version), exit.admits(head) else { return false }
            return offer(message, exit, &passed)
        }
    }

    private mutating func offer(
        _ message: WaitingMessage, _ exit: ShardSlot.Exit, _ passed: inout ShardSlot.Passed
    ) -> Bool {
        guard let offer = exit.offer, let cell = message.entity.cell else { return false }
        if exit.needsCopies, !message.isCopy { return false }
        switch offer(message.payload, cell) {
        case .accepted, .acceptedIdle, .accounted: use(message.entity, at: exit.now, exit.firstUse)
        case .refused(let reason):
            // It stops: the region decides.
            guard reason.concernsMessage else { return false }
            passed.refused.append((message, reason))
        }
        return true
    }
}

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
    ///   - callActor: Called, under the lock, where the actor has to learn that messages wait. Under the lock, because
    ///     what comes to the actor later, such as the marker that ends a stream, may overtake none of them.
    /// - Returns: Whether it waits; `false` where the actor has ended.
    func wait(
        _ message: ErasedMessage, for name: String, refusedBy entity: LocalEntity? = nil,
        _ origin: WaitingMessage.Origin, callActor: () -> Delivery
    ) -> Bool {
        state.withLock { state in
            if let entity {
                entity.uses -= min(entity.uses, 1)
                // It may have been dropped since it was found.
                if state.entities[name] == nil { state.entities[name] = entity }
            }
            let entity = state.entity(name)
            return state.wait(WaitingMessage(entity: entity, payload: message, origin: origin), callActor)
        }
    }

    /// The actor takes what waits. It MUST call ``settle(_:with:)`` when all effects of these messages are performed.
    func takeWaiting() -> [WaitingMessage] {
        state.withLock { $0.takeWaiting() }
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

    /// The actor has handled messages that waited. Those that have come for the same entities meanwhile go on at once
    /// where the route is open by now, so that it is open for those that follow.
    ///
    /// All of this is one hold of the lock, in which no caller can add a message: a route that is open when this begins is
    /// open for every entity when it ends, except for messages that came while it was closed, which the actor takes next.
    /// They are as many as came during one turn. So two turns open a route, however fast the senders are.
    ///
    /// - Returns: What is to be done without the lock.
    func settle(_ handled: [WaitingMessage], with exit: Exit) -> Passed {
        state.withLock { state in
            for message in handled {
                message.entity.waiting -= 1
                state.drop(message.entity)
            }
            var passed = Passed()
            guard !state.waiting.isEmpty else { return passed }
            passed.seen = state.waiting
            state.waiting = []
            for message in passed.seen {
                if !message.entity.isHeldBack, state.pass(message, exit, &passed) {
                    message.entity.waiting -= 1
                    state.drop(message.entity)
                } else {
                    message.entity.isHeldBack = true
                    state.waiting.append(message)
                }
            }
            for message in state.waiting { message.entity.isHeldBack = false }
            return passed
        }
    }

    /// The ways out for messages that waited.
    struct Exit {
        /// Puts a message into the mailbox of an entity; `nil` where that would run code of users.
        let offer: ((ErasedMessage, AnyActorCell) -> Delivery)?
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
        waiting.append(message)
        return true
    }

    fileprivate mutating func takeWaiting() -> [WaitingMessage] {
        isTurnDue = false
        defer { waiting = [] }
        return waiting
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

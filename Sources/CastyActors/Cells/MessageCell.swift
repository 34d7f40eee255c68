public import CastyCore
public import CastyObservability
package import CastySerialization
public import Synchronization

/// The target of references to one type of messages: an actor, a question that waits for its reply, or a route.
///
/// The functions below choose by ``AnyActorCell/form`` and not by a virtual call, so that the compiler specialises what
/// they call where the message type is known.
@usableFromInline
package class MessageCell<Message: Sendable>: AnyActorCell, @unchecked Sendable {
    @inlinable
    override package init(
        system: ActorSystem, form: CellForm, name: String = "", parent: AnyActorCell? = nil, uid: UInt64,
        traffic: LossClass, dispatcher: DispatcherKind = .standard,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void = { _, _ in }
    ) {
        super.init(
            system: system, form: form, name: name, parent: parent, uid: uid, traffic: traffic, dispatcher: dispatcher,
            turn: turn)
    }

    /// Delivers a message, or records it in the loss ledger.
    @inlinable @inline(__always)
    package final func tell(_ message: Message) {
        if system.usesOutboxes.load(ordering: .relaxed), isHeld(message) { return }
        send(message)
    }

    /// Whether the turn that sends the message holds it back.
    @inlinable @inline(never)
    final func isHeld(_ message: Message) -> Bool {
        guard let outbox = TurnOutbox.current else { return false }
        return outbox.take { [self] in send(message) }
    }

    /// Delivers a message at once, also from a turn whose messages are held.
    @inlinable @inline(__always)
    package final func send(_ message: Message) {
        switch offer(message) {
        case .accepted, .accounted: break
        case let refusal: system.lose(message, to: self, because: refusal)
        }
    }

    /// Delivers messages at once, in their order, as ``send(_:)`` does each; where an actor takes all, under one lock.
    ///
    /// - Parameter messages: They are moved out: the memory is uninitialised afterwards.
    package final func send(moving messages: UnsafeMutableBufferPointer<Message>) {
        if offer(moving: messages) { return }
        for index in messages.indices { send(messages.moveElement(from: index)) }
    }

    /// Delivers messages under one lock, where an actor takes all.
    ///
    /// - Parameter messages: They are moved out if they were delivered, and otherwise left as they are.
    /// - Returns: Whether they were delivered.
    package final func offer(moving messages: UnsafeMutableBufferPointer<Message>) -> Bool {
        form == .actor && unsafeDowncast(self, to: ActorCell<Message>.self).put(moving: messages)
    }

    /// Delivers a message or returns why not. The caller accounts for a refused message.
    @inlinable @inline(__always)
    package final func offer(_ message: Message) -> Delivery {
        switch form {
        case .actor: unsafeDowncast(self, to: ActorCell<Message>.self).put(message)
        case .ask: unsafeDowncast(self, to: PendingAsk<Message>.self).answer(message)
        case .route: deliver(message)
        }
    }

    /// Delivers a question and stores in it its position among the messages that the actor accepted.
    @inlinable
    final func offer<Reply: Sendable>(_ message: Message, asking pending: PendingAsk<Reply>) -> Delivery {
        switch form {
        case .actor: unsafeDowncast(self, to: ActorCell<Message>.self).put(message, asking: pending)
        case .ask: unsafeDowncast(self, to: PendingAsk<Message>.self).answer(message)
        case .route: deliver(message)
        }
    }

    /// Delivers a message to what is neither an actor nor a question.
    @usableFromInline
    func deliver(_ message: Message) -> Delivery { .refused(.noSuchActor) }

    override package func registration(in registry: TypeRegistry) -> AnyRegisteredType? { registry.find(Message.self) }
}

public import CastyActors
public import CastyCore
import CastyObservability
public import CastyPlacement

/// The functions that depend on the message type of actors that a shell runs. They are created where that type is
/// known, so that the compiler specializes them.
///
/// `Subject` is what the behavior is made from.
@usableFromInline
package struct ActorHandling<Subject: Sendable, Message: Sendable>: Sendable {
    let behavior: @Sendable (Subject) -> Behavior<Message>
    let mailbox: MailboxCapacity
    let turn: @Sendable (AnyActorCell, TurnGrant) -> Void
    let offer: @Sendable (ErasedMessage, AnyActorCell) -> Delivery

    @inlinable
    package init(
        mailbox: MailboxCapacity = .unbounded, _ behavior: @escaping @Sendable (Subject) -> Behavior<Message>
    ) {
        self.init(
            behavior, mailbox: mailbox, turn: { $0.takeTurn(of: Message.self, $1) },
            offer: { message, cell in
                guard let message: Message = message.unwrap() else { return .refused(.undecodable) }
                // `start` of the same kind created the cell, so the types match.
                return unsafeDowncast(cell, to: ActorCell<Message>.self).offer(message)
            })
    }

    @usableFromInline
    package init(
        _ behavior: @escaping @Sendable (Subject) -> Behavior<Message>, mailbox: MailboxCapacity,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void,
        offer: @escaping @Sendable (ErasedMessage, AnyActorCell) -> Delivery
    ) {
        self.behavior = behavior
        self.mailbox = mailbox
        self.turn = turn
        self.offer = offer
    }
}

/// The type-erased form of ``ActorHandling``, which a shell with messages of type `Command` uses.
struct ActorKind<Command: Sendable, Subject: Sendable>: Sendable {
    /// Starts one incarnation, under a name.
    let start:
        @Sendable (ActorContext<Command>, Subject, _ name: String, CellHooks<ErasedMessage>) throws(SpawnError)
            -> AnyActorCell
    /// Puts a message into the mailbox of an actor of this kind.
    let offer: @Sendable (ErasedMessage, AnyActorCell) -> Delivery
    /// Puts what ``copy`` returned, or what came from another node, into the mailbox of an actor of this kind. No code of
    /// users runs.
    let offerCopy: @Sendable (ErasedMessage, AnyActorCell) -> Delivery
    /// What a message becomes where local messages are encoded and decoded too; `nil` where it cannot be. The text says
    /// whom it is for.
    let copy: @Sendable (ErasedMessage, ActorSystem, String) -> ErasedMessage?

    init<Message: Sendable>(_ handling: ActorHandling<Subject, Message>) {
        offer = handling.offer
        offerCopy = { message, cell in
            guard let message: Message = message.unwrap() else { return .refused(.undecodable) }
            return unsafeDowncast(cell, to: ActorCell<Message>.self).putCopy(message)
        }
        copy = { message, system, receiver in
            guard let message: Message = message.unwrap() else { return nil }
            return system.copy(of: message, for: receiver).map { TypedMessage($0) }
        }
        start = { context, subject, name, hooks throws(SpawnError) in
            let typed = CellHooks<Message>(
                mayRun: hooks.mayRun, onEnd: { hooks.onEnd($0, $1.map { TypedMessage($0) }) })
            return try context.spawn(
                handling.behavior(subject), name: name, mailbox: handling.mailbox, hooks: typed, traffic: .user,
                turn: handling.turn
            ).target
        }
    }
}

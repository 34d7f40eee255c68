public import CastyActors
import CastyObservability
public import CastyPlacement

/// The functions that depend on the message type of entities. They are created where that type is known, so that the
/// compiler specializes them.
@usableFromInline
package struct EntityHandling<Message: Sendable>: Sendable {
    let behavior: @Sendable (EntityContext) -> Behavior<Message>
    let turn: @Sendable (AnyActorCell, Int) -> Void
    let offer: @Sendable (ErasedMessage, AnyActorCell) -> Delivery

    @inlinable
    package init(_ behavior: @escaping @Sendable (EntityContext) -> Behavior<Message>) {
        self.init(
            behavior, turn: { $0.takeTurn(of: Message.self, $1) },
            offer: { message, entity in
                guard let message: Message = message.unwrap() else { return .undecodable }
                // `start` of the same kind created the cell, so the types match.
                return unsafeDowncast(entity, to: ActorCell<Message>.self).offer(message)
            })
    }

    @usableFromInline
    package init(
        _ behavior: @escaping @Sendable (EntityContext) -> Behavior<Message>,
        turn: @escaping @Sendable (AnyActorCell, Int) -> Void,
        offer: @escaping @Sendable (ErasedMessage, AnyActorCell) -> Delivery
    ) {
        self.behavior = behavior
        self.turn = turn
        self.offer = offer
    }
}

/// The type-erased form of ``EntityHandling``, which the shell uses.
struct EntityKind: Sendable {
    typealias Context = ActorContext<RegionCommand>

    /// Starts one incarnation of an entity, under a name.
    let start:
        @Sendable (Context, EntityContext, _ name: String, CellHooks<ErasedMessage>) throws(SpawnError) -> AnyActorCell
    /// Puts a message into the mailbox of an entity of this kind.
    let offer: @Sendable (ErasedMessage, AnyActorCell) -> Delivery

    init<Message: Sendable>(_ handling: EntityHandling<Message>) {
        offer = handling.offer
        start = { context, entity, name, hooks throws(SpawnError) in
            let typed = CellHooks<Message>(
                mayRun: hooks.mayRun, onEnd: { hooks.onEnd($0, $1.map { TypedMessage($0) }) })
            return try context.spawn(
                handling.behavior(entity), name: name, hooks: typed, traffic: .user, turn: handling.turn
            ).target
        }
    }
}

import CastyCore
import CastyObservability

/// The cell of an actor whose turns a part of the runtime controls: the few that have hooks, and a word for them.
final class HookedActorCell<Message: Sendable>: ActorCell<Message>, @unchecked Sendable {
    let cellHooks: CellHooks<Message>

    init(
        hooks: CellHooks<Message>, system: ActorSystem, name: String, parent: AnyActorCell?, uid: UInt64,
        traffic: LossClass, behavior: sending Behavior<Message>, capacity: Int, dispatcher: DispatcherKind,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void
    ) {
        cellHooks = hooks
        super.init(
            system: system, name: name, parent: parent, uid: uid, traffic: traffic, behavior: behavior,
            capacity: capacity, dispatcher: dispatcher, turn: turn, isHooked: true)
    }
}

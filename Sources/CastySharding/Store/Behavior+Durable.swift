public import CastyActors
import CastyCore
public import CastySerialization
import Logging

extension Behavior {
    /// Handles messages with a state that survives: the runtime loads it before the first message, and saves it after
    /// each handler that changes it.
    ///
    /// ```swift
    /// .durable(entity, Cart()) { cart, context, message in
    ///     switch message {
    ///     case .add(let item, let replyTo):
    ///         cart.items.append(item)
    ///         replyTo.tell(cart.items.count)      // leaves when the cart is saved
    ///     }
    ///     return .same
    /// }
    /// ```
    ///
    /// What a handler tells others leaves only when the changed state is saved. If it cannot be saved, the state is
    /// as before the message, what was told is dropped, and the asker gets the error. Where the outcome is unknown, or the
    /// shard has moved, this incarnation stops; the next message starts one that loads what is saved. Children that a
    /// handler spawns, timers that it starts and questions that it asks are not held back.
    ///
    /// The state may be an object or have one in it: after a refused change it is read anew from what is saved. It is
    /// encoded after each message, to see whether it has changed: for a large state that most messages only read,
    /// ``eventSourced(_:_:events:snapshots:decide:apply:)`` costs less.
    ///
    /// A type without a store has this behavior too; its state then lives as long as the incarnation.
    ///
    /// - Parameters:
    ///   - entity: The entity.
    ///   - initial: The state of an entity that has never been saved.
    ///   - version: The version of the state's form, at least 1. Raise it when a change of the type makes older states
    ///     undecodable.
    ///   - codec: Turns the state into bytes and back; JSON by default, which allows added optional fields.
    ///   - migrate: Makes the state from one that an earlier version of the program has saved. Without it such a state
    ///     is decoded as it is.
    ///   - handler: Changes the state, and returns what to do with the next message: ``same`` or ``stopped``; another
    ///     behavior ends the durable one.
    public static func durable<State: Codable>(
        _ entity: EntityContext, _ initial: @autoclosure @escaping () -> State, version: Int = 1,
        codec: any Serializer = JSONSerializer(),
        migrate: ((_ bytes: [UInt8], _ version: Int) throws -> State)? = nil,
        _ handler: @escaping (inout State, ActorContext<Message>, Message) throws -> Behavior
    ) -> Behavior {
        let form = StateForm(version: version, codec: codec, migrate: migrate)
        return .setup { context in
            .awaiting {
                let saved = try await entity.load()
                let content = try saved.map { try form.content(of: $0) }
                let state = content?.state ?? initial()
                entity.reminders.begin(content?.reminders ?? [])
                // An entity that was never saved is as it begins: what does not change that needs no save.
                let known = try saved ?? form.bytes(of: state)
                let durable = Durable(entity, state, saved: known, form, context.system, handler)
                durable.reminding.arm(context)
                return .receive { context, message in try durable.handle(message, context) }
            }
        }
    }
}

/// The state of one incarnation of a durable entity.
private final class Durable<State: Codable, Message: Sendable> {
    private let entity: EntityContext
    private let form: StateForm<State>
    private let system: ActorSystem
    private let handler: (inout State, ActorContext<Message>, Message) throws -> Behavior<Message>
    private var state: State
    /// The bytes of the state that the next incarnation would begin with.
    private var saved: [UInt8]
    let reminding: Reminding<Message>

    init(
        _ entity: EntityContext, _ state: State, saved: [UInt8], _ form: StateForm<State>, _ system: ActorSystem,
        _ handler: @escaping (inout State, ActorContext<Message>, Message) throws -> Behavior<Message>
    ) {
        self.entity = entity
        self.state = state
        self.saved = saved
        self.form = form
        self.system = system
        self.handler = handler
        reminding = Reminding(entity, form.codec)
    }

    func handle(_ message: Message, _ context: ActorContext<Message>) throws -> Behavior<Message> {
        guard entity.store != nil else { return try handler(&state, context, message) }
        guard reminding.begins(context) else { return .same }
        var changed = state
        let outbox = TurnOutbox()
        let (following, bytes): (Behavior<Message>, [UInt8])
        do {
            following = try reminding.turn(context) {
                try outbox.hold(in: system) { try handler(&changed, context, message) }
            }
            bytes = try form.bytes(of: changed, reminders: entity.reminders.draft)
        } catch {
            reminding.refused(context)
            try rollBack()
            throw error
        }
        guard bytes != saved else {
            outbox.release()
            return following
        }
        return .awaiting { [self] in
            do throws(EntityStoreError) {
                try await entity.save(bytes, wakeAt: entity.reminders.draft.first?.at)
            } catch {
                if error.endsIncarnation { throw error }
                reminding.refused(context)
                try rollBack()
                // The change has no effect: this incarnation goes on with the state that is saved.
                system.log.warning("\(entity.id): a change was not saved: \(error)")
                Questions.fail(in: message, .failed, "the change was not saved: \(error)")
                return .same
            }
            state = changed
            saved = bytes
            reminding.saved(context)
            outbox.release()
            return following
        }
    }

    /// Makes the state the saved one again. The copy does not suffice where the state is an object, or has one in it:
    /// the handler has changed that.
    private func rollBack() throws { state = try form.state(from: saved) }
}

extension EntityStoreError {
    /// Whether an incarnation that gets the error must not go on: what is saved may differ from what it knows.
    package var endsIncarnation: Bool { isOutcomeUnknown || [.stale, .foreign, .conflict].contains(code) }
}

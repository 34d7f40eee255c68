public import CastyActors
import CastyCore
import Logging

extension Behavior {
    /// Handles messages with a state that is made of events: a message is decided upon, the events of that decision are
    /// stored, and only then the state changes and replies leave.
    ///
    /// ```swift
    /// .eventSourced(entity, Account(), snapshots: .every(100)) { account, context, message in
    ///     switch message {
    ///     case .deposit(let amount, let replyTo):
    ///         .persist(.deposited(amount)).then { replyTo.tell($0.balance) }
    ///     case .balance(let replyTo):
    ///         .none.then { replyTo.tell($0.balance) }
    ///     }
    /// } apply: { account, event in
    ///     switch event {
    ///     case .deposited(let amount): account.balance += amount
    ///     }
    /// }
    /// ```
    ///
    /// When the entity starts, it reads its snapshot and the events since, and applies them. What `decide` tells others
    /// leaves only when the events are stored. If they surely are not, the state is as before, what was told is dropped,
    /// and the asker gets the error. Where the outcome is unknown, or the shard has moved, this incarnation stops; the
    /// next message starts one that reads what is stored. Children that `decide` spawns, timers that it starts and
    /// questions that it asks are not held back.
    ///
    /// A type without a store has this behavior too; its events are applied, and gone with the incarnation. The division
    /// into deciding and applying is that of Pekko Persistence Typed's `EventSourcedBehavior`; here events
    /// of earlier versions are upcast by the behavior itself, and a decision cannot wait.
    ///
    /// - Parameters:
    ///   - entity: The entity.
    ///   - initial: The state of an entity without events.
    ///   - events: How events are coded, named and tagged, and how those of earlier versions are read.
    ///   - snapshots: When the whole state is stored.
    ///   - decide: Decides about a message; must not change anything itself, such as an object in the state.
    ///   - apply: Changes the state by an event that is stored. It must do so for every event that was ever stored, and
    ///     depend on nothing but its arguments: it runs again at each start.
    public static func eventSourced<State, Event>(
        _ entity: EntityContext, _ initial: @autoclosure @escaping () -> State, events: EventForm<Event>,
        snapshots: Snapshots<State> = .never,
        decide: @escaping (State, ActorContext<Message>, Message) throws -> EventEffect<State, Event>,
        apply: @escaping (inout State, Event) -> Void
    ) -> Behavior {
        .setup { context in
            let entity = EventSourced(
                entity, initial(), events, snapshots, context.system, decide: decide, apply: apply)
            return .awaiting {
                try await entity.recover()
                entity.reminding.arm(context)
                return .receive { context, message in try entity.handle(message, context) }
            }
        }
    }

    /// Handles messages with a state that is made of events in JSON, without tags, in the first version of their form;
    /// see ``eventSourced(_:_:events:snapshots:decide:apply:)``.
    public static func eventSourced<State, Event: Codable & SendableMetatype>(
        _ entity: EntityContext, _ initial: @autoclosure @escaping () -> State, snapshots: Snapshots<State> = .never,
        decide: @escaping (State, ActorContext<Message>, Message) throws -> EventEffect<State, Event>,
        apply: @escaping (inout State, Event) -> Void
    ) -> Behavior {
        eventSourced(
            entity, initial(), events: EventForm(), snapshots: snapshots, decide: decide, apply: apply)
    }
}

/// The state of one incarnation of an event-sourced entity.
final class EventSourced<State, Event, Message: Sendable> {
    let entity: EntityContext
    let form: EventForm<Event>
    let snapshots: Snapshots<State>
    let system: ActorSystem
    let reminding: Reminding<Message>
    let apply: (inout State, Event) -> Void
    private let decide: (State, ActorContext<Message>, Message) throws -> EventEffect<State, Event>
    var state: State
    /// The number of the last event in the state.
    var sequence: UInt64 = 0
    /// After which event the next snapshot is taken.
    private var nextSnapshot: UInt64 = .max

    init(
        _ entity: EntityContext, _ initial: State, _ form: EventForm<Event>, _ snapshots: Snapshots<State>,
        _ system: ActorSystem,
        decide: @escaping (State, ActorContext<Message>, Message) throws -> EventEffect<State, Event>,
        apply: @escaping (inout State, Event) -> Void
    ) {
        self.entity = entity
        state = initial
        self.form = form
        self.snapshots = snapshots
        self.system = system
        self.decide = decide
        self.apply = apply
        reminding = Reminding(entity, form.codec)
    }

    func planSnapshot() {
        if let interval = snapshots.interval { nextSnapshot = sequence + interval }
    }

    func handle(_ message: Message, _ context: ActorContext<Message>) throws -> Behavior<Message> {
        guard entity.store != nil else {
            let effect = try decide(state, context, message)
            for event in effect.events { apply(&state, event) }
            return finish(effect)
        }
        guard reminding.begins(context) else { return .same }
        let outbox = TurnOutbox()
        let effect: EventEffect<State, Event>
        var records: [EventRecord]
        do {
            (effect, records) = try reminding.turn(context) {
                try outbox.hold(in: system) {
                    let effect = try decide(state, context, message)
                    return (effect, try effect.events.map(form.record))
                }
            }
        } catch {
            reminding.refused(context)
            throw error
        }
        let reminders = entity.reminders.draft
        let changesReminders = reminders != entity.reminders.saved
        // In the same batch: what the entity is reminded of changes with its events, or neither does.
        if changesReminders { records.append(EventRecord(reminders: reminders)) }
        guard !records.isEmpty else {
            outbox.release()
            return finish(effect)
        }
        return .awaiting { [self, records] in
            do throws(EntityStoreError) {
                if changesReminders {
                    try await entity.append(records, after: sequence, wakeAt: reminders.first?.at)
                } else {
                    try await entity.append(records, after: sequence)
                }
            } catch {
                if error.endsIncarnation { throw error }
                reminding.refused(context)
                // Nothing has happened: this incarnation goes on with the state that is stored.
                system.log.warning("\(entity.id): events were not stored: \(error)")
                Questions.fail(in: message, .failed, "the events were not stored: \(error)")
                return .same
            }
            sequence += UInt64(records.count)
            for event in effect.events { apply(&state, event) }
            reminding.saved(context)
            outbox.release()
            let following = finish(effect)
            if sequence >= nextSnapshot { try await saveSnapshot() }
            return following
        }
    }

    private func finish(_ effect: EventEffect<State, Event>) -> Behavior<Message> {
        for action in effect.actions { action(state) }
        return switch effect.following {
        case .same: .same
        case .stopped: .stopped
        case .unhandled: .unhandled
        }
    }

    /// Stores the state. It replaces nothing that is needed: without it the next start applies more events.
    private func saveSnapshot() async throws {
        // Also after a failure: a store in trouble is not asked again with every event.
        planSnapshot()
        do {
            let reminders = entity.reminders.saved
            let bytes = try snapshots.bytes(of: state, after: sequence, reminders: reminders)
            try await entity.save(bytes, wakeAt: reminders.first?.at)
            if snapshots.deletesEvents { try await entity.deleteEvents(through: sequence) }
        } catch let error as EntityStoreError where error.code == .stale || error.code == .foreign {
            throw error
        } catch {
            system.log.warning("\(entity.id): no snapshot after event \(sequence): \(error)")
        }
    }
}

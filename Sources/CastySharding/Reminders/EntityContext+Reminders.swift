public import CastyCore

extension EntityContext {
    /// Has this entity get a message at a wall-clock time, on whichever node its shard runs then, also after the whole
    /// cluster was stopped in between. One that is due while nothing runs comes as soon as a node hosts the shard.
    ///
    /// ```swift
    /// .durable(entity, Cart()) { cart, context, message in
    ///     switch message {
    ///     case .add(let item):
    ///         cart.items.append(item)
    ///         try entity.remind("abandoned", at: entity.wallTime + .seconds(3600), Message.abandoned)
    ///     case .abandoned: cart.items = []
    ///     }
    ///     return .same
    /// }
    /// ```
    ///
    /// Only a handler of ``Behavior/durable(_:_:version:codec:migrate:_:)`` can call it, while it handles a message, and
    /// only where the store is a ``RemindingEntityStore``; and `decide` of
    /// ``Behavior/eventSourced(_:_:events:snapshots:decide:apply:)``, where the store is a ``RemindingEventStore``. The
    /// reminder is saved with the state or the events, and removed with those that its handler leaves: a change that is
    /// refused sets none, and whatever crashes, each reminder changes the state once. What its handler tells others
    /// leaves after that, at most once.
    ///
    /// It comes never early by the clock of its node, and usually within a few milliseconds; up to ten seconds late
    /// after a move, and after a clock was set forward. The technique of keeping reminders beside an entity's state, to
    /// be found by whoever owns its shard, follows Orleans' reminders (Bernstein et al., 2014).
    ///
    /// - Parameters:
    ///   - name: Tells the entity's reminders apart; a new one replaces that of the same name.
    ///   - time: When. One in the past is due at once.
    ///   - message: A message of the entity's type. It is coded like the state or the events, so it follows the same rules of evolution.
    /// - Throws: ``EntityStoreError`` where reminders are not possible here, or the codec's error.
    public func remind<Message: Codable & Sendable>(_ name: String, at time: WallTime, _ message: Message) throws {
        guard let store = self.store else {
            throw EntityStoreError(.unavailable, "\(type) has no store, so it cannot be reminded")
        }
        let (keeps, need) =
            switch reminders.form {
            case .state: (store is any RemindingEntityStore, "RemindingEntityStore")
            case .events: (store is any RemindingEventStore, "RemindingEventStore")
            }
        guard keeps else {
            throw EntityStoreError(
                .unavailable, "the store of \(type) keeps no reminders: \(Swift.type(of: store)) is no \(need)")
        }
        try reminders.set(name, at: time, message)
    }

    /// Cancels a reminder, from the state on that this turn leaves.
    ///
    /// - Returns: Whether there was one of this name.
    /// - Throws: ``EntityStoreError`` where reminders are not possible here.
    @discardableResult
    public func cancelReminder(_ name: String) throws(EntityStoreError) -> Bool { try reminders.cancel(name) }

    /// When the entity is to be reminded, by the reminders' names.
    public var reminderTimes: [String: WallTime] {
        Dictionary(reminders.draft.map { ($0.name, $0.at) }) { first, _ in first }
    }

    /// The present time by the node's clock of the calendar; virtual in the simulated runtime.
    public var wallTime: WallTime { clock() }
}

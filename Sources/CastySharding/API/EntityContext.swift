public import CastyCore

/// What an entity knows about itself when it starts.
public struct EntityContext: Sendable {
    /// The shard type: `account`.
    public let type: String
    /// The entity's whole id, in the form of ``EntityID/canonical(_:)``: `account-7`.
    public let id: String
    /// Its shard.
    public let shard: Int
    /// The node on which this incarnation runs.
    public let node: UniqueAddress
    /// Counts the incarnations of entities of this type on this node; no two of them share a number.
    public let incarnation: UInt64
    let reminders = ReminderBook()
    let clock: @Sendable () -> WallTime
    private let access: StoreAccess?
    private let askToPassivate: @Sendable () -> Void
    private let wakeChanged: @Sendable (WallTime?) -> Void

    package init(
        type: String, id: String, shard: Int, node: UniqueAddress, incarnation: UInt64, access: StoreAccess?,
        clock: @escaping @Sendable () -> WallTime = { VirtualWallClock.epoch },
        passivate: @escaping @Sendable () -> Void, wakeChanged: @escaping @Sendable (WallTime?) -> Void = { _ in }
    ) {
        self.type = type
        self.id = id
        self.shard = shard
        self.node = node
        self.incarnation = incarnation
        self.access = access
        self.clock = clock
        askToPassivate = passivate
        self.wakeChanged = wakeChanged
    }

    /// Where it saves its state; `nil` if its type has no store.
    public var store: (any EntityStore)? { access?.store }

    /// Asks to be passivated: the entity stops when its mailbox is empty. Messages that arrive meanwhile are buffered,
    /// and start it again.
    public func passivate() { askToPassivate() }

    /// The state last saved, or `nil` for a new entity or one without a store.
    ///
    /// Call it in ``Behavior/awaiting(_:)`` or ``Behavior/receiveAsync(_:)``; ``Behavior/durable(_:_:version:codec:migrate:_:)``
    /// does so by itself.
    ///
    /// - Throws: ``EntityStoreError``; `stale` if the shard has moved.
    public func load() async throws(EntityStoreError) -> [UInt8]? {
        guard let access else { return nil }
        return try await access.run(changing: false) { store, key, fence throws(EntityStoreError) in
            try await store.load(key, fence: fence)
        }
    }

    /// Saves the state; does nothing if the type has no store. When it returns, the state survives a crash.
    ///
    /// The shard may have moved while a slow handler ran. The write is then refused: it could overwrite what the next
    /// incarnation has saved. After an error with the code `stale`, or one whose outcome is unknown, the entity should
    /// stop: throw the error on.
    ///
    /// - Throws: ``EntityStoreError``; `stale` if this node's lease has lapsed or the shard has been given away,
    ///   `timeout` if the store has not answered within half of the lease.
    public func save(_ state: [UInt8]) async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            try await store.save(state, for: key, fence: fence)
        }
    }

    /// Saves the state, and with it when the entity must run again.
    func save(_ state: [UInt8], wakeAt: WallTime?) async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            guard let reminding = store as? any RemindingEntityStore else {
                return try await store.save(state, for: key, fence: fence)
            }
            try await reminding.save(state, for: key, fence: fence, wakeAt: wakeAt)
        }
    }

    /// Lets the node know when this entity must run again.
    func noteWake(_ time: WallTime?) { wakeChanged(time) }

    /// Deletes the saved state.
    ///
    /// - Throws: ``EntityStoreError``, as ``save(_:)``.
    public func delete() async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            try await store.delete(key, fence: fence)
        }
    }

    /// Appends events of the entity after its last one; the store must be an ``EventStore``.
    ///
    /// - Throws: ``EntityStoreError``, as ``save(_:)``; `conflict` if the last event has another number.
    package func append(_ events: [EventRecord], after sequence: UInt64) async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            try await Self.events(store, key).append(events, after: sequence, for: key, fence: fence)
        }
    }

    /// Appends events, and sets with them when the entity must run again.
    func append(
        _ events: [EventRecord], after sequence: UInt64, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            guard let reminding = store as? any RemindingEventStore else {
                return try await Self.events(store, key).append(events, after: sequence, for: key, fence: fence)
            }
            try await reminding.append(events, after: sequence, for: key, fence: fence, wakeAt: wakeAt)
        }
    }

    /// Events of the entity; none without a store.
    package func events(after sequence: UInt64, limit: Int) async throws(EntityStoreError) -> EventPage {
        guard let access else { return EventPage(events: [], last: 0) }
        return try await access.run(changing: false) { store, key, fence throws(EntityStoreError) in
            try await Self.events(store, key).events(of: key, after: sequence, limit: limit, fence: fence)
        }
    }

    /// Deletes events of the entity.
    package func deleteEvents(through sequence: UInt64) async throws(EntityStoreError) {
        try await access?.run(changing: true) { store, key, fence throws(EntityStoreError) in
            try await Self.events(store, key).deleteEvents(of: key, through: sequence, fence: fence)
        }
    }

    private static func events(
        _ store: any EntityStore, _ key: EntityKey
    ) throws(EntityStoreError) -> any EventStore {
        if let events = store as? any EventStore { return events }
        throw EntityStoreError(.unavailable, "the store of \(key.type) stores states, and no events")
    }
}

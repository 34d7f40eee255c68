public import CastyCore

/// A store that can be asked which entities have something due: entities with such a store can be reminded, see
/// ``EntityContext/remind(_:at:_:)``.
///
/// What an entity is to be reminded of is part of its saved state, so both change together. Beside the state the store
/// keeps one time, the earliest, so that somebody starts the entity then.
public protocol RemindingEntityStore: EntityStore {
    /// Saves the state of an entity as ``EntityStore/save(_:for:fence:)`` does, and with it when the entity must run
    /// again; `nil` if it need not. ``EntityStore/save(_:for:fence:)`` and ``EntityStore/delete(_:fence:)`` leave no time.
    func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError)

    /// The entities of a type that must run at a time or before, sorted by time and then by id in the order of UTF-8.
    ///
    /// What was saved before the call MUST be among them. An entity more is harmless.
    ///
    /// - Parameters:
    ///   - type: The shard type.
    ///   - after: Only those behind this one: the last of the page before.
    ///   - limit: The most entities, at least 1. Fewer mean that there are no more.
    /// - Throws: ``EntityStoreError``.
    func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake]
}

/// A store of events that can be asked which entities have something due: event-sourced entities with such a store can
/// be reminded, see ``EntityContext/remind(_:at:_:)``.
///
/// What an event-sourced entity is to be reminded of is in its log: an event of the runtime's own in the same batch as
/// the events of the turn. So both are stored together, or neither is.
public protocol RemindingEventStore: EventStore, RemindingEntityStore {
    /// Appends events of one entity as ``EventStore/append(_:after:for:fence:)`` does, and sets with them, all or
    /// nothing, when the entity must run again; `nil` if it need not. ``EventStore/append(_:after:for:fence:)`` leaves the
    /// time as it is.
    func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError)
}

/// When an entity must run again.
public struct EntityWake: Hashable, Sendable, Comparable {
    /// When.
    public let at: WallTime
    /// The entity's whole id.
    public let id: String

    /// Creates an entry.
    public init(at: WallTime, id: String) {
        self.at = at
        self.id = id
    }

    /// Whether the left one comes first: by time, and then by id.
    public static func < (left: EntityWake, right: EntityWake) -> Bool {
        left.at != right.at ? left.at < right.at : left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
}

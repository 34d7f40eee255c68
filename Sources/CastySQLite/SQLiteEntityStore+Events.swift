public import CastyCore
public import CastySharding

/// Events are in the same files as states, and all changes that wait share one sync.
///
/// A query reads each process's events in the order in which they were committed, and each after all that its owner had
/// seen; between events of different processes that do not depend on each other any order may come, and another query
/// may see another one. An offset says how far each file has been read. While a shard changes its owner, a query waits
/// before the former owner's last events until the new owner has read them; that lasts as long as the new owner
/// takes to begin.
///
/// Deleted events are never returned any more. A process removes them from its file with a later deletion of the same
/// entity, or with the next ``SQLiteStores/compact()``.
extension SQLiteEntityStore: EventStore {
    /// Appends events of one entity, all or none.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await own.takeOver(fence, for: key)
        try await own.change(.append(events, after: sequence, wake: .none), key, fence)
    }

    /// Appends events of one entity, all or none, and with them when it must run again.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await own.takeOver(fence, for: key)
        try await own.change(.append(events, after: sequence, wake: .set(wakeAt)), key, fence)
    }

    /// The first events of an entity after a number.
    public func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        try await own.takeOver(fence, for: key)
        return try await read(.loads) { sources throws(EntityStoreError) in
            try sources.page(of: key, after: sequence, limit: limit, for: fence)
        }
    }

    /// Deletes the events of an entity up to a number.
    public func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        try await own.takeOver(fence, for: key)
        try await own.change(.deletion(through: sequence), key, fence)
    }

    /// The first events of all entities that match a filter, after an offset.
    public func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        try await read(.queries) { sources throws(EntityStoreError) in
            try sources.batch(matching: filter, after: offset, limit: limit)
        }
    }
}

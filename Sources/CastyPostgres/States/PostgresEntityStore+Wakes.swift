public import CastyCore
public import CastySharding

extension PostgresEntityStore: RemindingEventStore {
    /// Saves the state of an entity, and when it must run again.
    public func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await writer.change(.state(state, wakeAt: wakeAt), key, fence)
    }

    /// Appends events of one entity, all or none, and with them when it must run again.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await writer.change(.append(events, after: sequence, wake: .at(wakeAt)), key, fence)
    }

    /// The entities of a type that must run at a time or before, in order.
    public func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        let statement = statements.wakes(of: type, through: time, after: after, limit: limit)
        let rows = try await wakeQueries.read([statement])[0]
        var wakes: [EntityWake] = []
        for row in 0..<rows.count {
            guard let id = rows.text(0, row: row), let milliseconds: Int64 = rows.number(1, row: row) else {
                throw EntityStoreError(.corrupt, "the time at which an entity must run cannot be read")
            }
            wakes.append(EntityWake(at: WallTime(milliseconds: milliseconds), id: id))
        }
        return wakes
    }
}

public import CastyCore
public import CastySharding

extension SQLiteEntityStore: RemindingEventStore {
    /// Saves the state of an entity, and when it must run again.
    public func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try await own.put(state, for: key, fence, wakeAt: wakeAt)
    }

    /// The entities of a type that must run at a time or before, as the newest state of each in any file has it, or the
    /// last time in its log.
    public func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        try await read(.upkeep) { sources throws(EntityStoreError) in
            try sources.wakes(of: type, through: time, after: after, limit: limit)
        }
    }
}

public import CastyCore
import Synchronization

/// A store of states and events in memory: it outlives the nodes of its process, but not the process.
///
/// All its queries for events have one order: that in which the events were appended.
public final class InMemoryEntityStore: RemindingEventStore {
    private struct Entity: Hashable {
        let type: String
        let id: String
    }

    private struct Content {
        var states: [Entity: [UInt8]] = [:]
        var events = InMemoryEventLog()
        var wakes: [Entity: WallTime] = [:]
        var fences = FenceTable()
    }

    private let content = Mutex(Content())

    /// Creates an empty store.
    public init() {}

    /// The state last saved for an entity.
    public func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            return content.states[Entity(type: key.type, id: key.id)]
        }
    }

    /// Saves the state of an entity.
    public func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await save(state, for: key, fence: fence, wakeAt: nil)
    }

    /// Saves the state of an entity, and when it must run again.
    public func save(
        _ state: [UInt8], for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            content.states[Entity(type: key.type, id: key.id)] = state
            content.wakes[Entity(type: key.type, id: key.id)] = wakeAt
        }
    }

    /// The entities of a type that must run at a time or before, in order.
    public func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) async throws(EntityStoreError) -> [EntityWake] {
        let due = content.withLock { content in
            content.wakes.filter { $0.key.type == type && $0.value <= time }
        }
        let wakes = due.map { EntityWake(at: $0.value, id: $0.key.id) }.sorted()
        return Array(wakes.drop { wake in after.map { wake <= $0 } ?? false }.prefix(limit))
    }

    /// Deletes the state of an entity.
    public func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            content.states[Entity(type: key.type, id: key.id)] = nil
            content.wakes[Entity(type: key.type, id: key.id)] = nil
        }
    }

    /// Appends events of one entity, all or none.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence
    ) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            try content.events.append(events, after: sequence, for: key)
        }
    }

    /// Appends events of one entity, all or none, and with them when it must run again.
    public func append(
        _ events: [EventRecord], after sequence: UInt64, for key: EntityKey, fence: ShardFence, wakeAt: WallTime?
    ) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            try content.events.append(events, after: sequence, for: key)
            content.wakes[Entity(type: key.type, id: key.id)] = wakeAt
        }
    }

    /// The first events of an entity after a number.
    public func events(
        of key: EntityKey, after sequence: UInt64, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> EventPage {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            return content.events.page(of: key, after: sequence, limit: limit)
        }
    }

    /// Deletes the events of an entity up to a number.
    public func deleteEvents(
        of key: EntityKey, through sequence: UInt64, fence: ShardFence
    ) async throws(EntityStoreError) {
        try content.withLock { content throws(EntityStoreError) in
            try content.fences.pass(fence, for: key)
            content.events.delete(key, through: sequence)
        }
    }

    /// The first events of all entities that match a filter, after an offset.
    public func events(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) async throws(EntityStoreError) -> EventBatch {
        try content.withLock { content throws(EntityStoreError) in
            try content.events.batch(matching: filter, after: offset, limit: limit)
        }
    }
}

/// The highest token of each shard, for stores that keep them in memory.
package struct FenceTable: Sendable {
    private struct Shard: Hashable {
        let type: String
        let number: Int
    }

    private struct Layout: Sendable {
        var count: Int
        var fence: ShardFence
    }

    private var highest: [Shard: ShardFence] = [:]
    /// The number of shards of each type, as the highest token of the type has it.
    private var layouts: [String: Layout] = [:]

    package init() {}

    /// Lets a token pass, and keeps it if it is the highest.
    ///
    /// - Throws: ``EntityStoreError`` with the code `stale` or `foreign`.
    package mutating func pass(_ fence: ShardFence, for key: EntityKey) throws(EntityStoreError) {
        let shard = Shard(type: key.type, number: key.shard)
        if let layout = layouts[key.type] {
            guard layout.fence.cluster == fence.cluster else { throw .foreign(layout.fence, fence) }
            if layout.count != key.shards {
                guard !fence.isSuperseded(by: layout.fence) else { throw .stale(key, fence, layout.fence) }
                // The type has another number of shards from now on.
                highest = highest.filter { $0.key.type != key.type }
            }
        }
        if let known = highest[shard], fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
        highest[shard] = fence
        if layouts[key.type].map({ $0.fence.isSuperseded(by: fence) || $0.count != key.shards }) ?? true {
            layouts[key.type] = Layout(count: key.shards, fence: fence)
        }
    }
}

extension EntityStoreError {
    /// The token is lower than one that the store knows.
    package static func stale(_ key: EntityKey, _ fence: ShardFence, _ known: ShardFence) -> EntityStoreError {
        EntityStoreError(
            .stale,
            "\(key.id) has moved: shard \(key.shard) of \(key.type) is at \(known), and this node had it at \(fence)")
    }

    /// The token is of another cluster than the store.
    package static func foreign(_ known: ShardFence, _ fence: ShardFence) -> EntityStoreError {
        EntityStoreError(
            .foreign,
            "the store belongs to cluster \(known.cluster), and this node is in cluster \(fence.cluster): give each cluster a store of its own"
        )
    }
}

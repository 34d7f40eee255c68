import CastyCore

/// The shards that run on this node, and their entities, by shard.
struct HostedShards<Payload: Sendable>: Sendable {
    /// Read and changed in place, without an accessor of this struct: that would copy a shard for each message.
    var shards: [Shard<Payload>?]
    /// Apart from the shards, so that a copy of a shard never makes these copy on write.
    var entities: [[String: Entity<Payload>]]
    /// The shards that run here, ascending.
    private(set) var numbers: [Int] = []
    private var lastRun: UInt64 = 0
    private var lastInstance: UInt64 = 0

    init(count: Int) {
        shards = Array(repeating: nil, count: count)
        entities = Array(repeating: [:], count: count)
    }

    var indices: Range<Int> { shards.indices }

    var isEmpty: Bool { numbers.isEmpty }

    /// Whether shards here wait for the coordinator to confirm them.
    var hasPaused: Bool { numbers.contains { shards[$0]?.isPaused == true } }

    /// A number for one start of an entity.
    mutating func nextInstance() -> UInt64 {
        lastInstance += 1
        return lastInstance
    }

    /// Adds a shard, and numbers its run on this node.
    mutating func start(_ shard: Shard<Payload>) {
        lastRun += 1
        shards[shard.number] = shard
        shards[shard.number]?.run = lastRun
        numbers.insertSorted(shard.number)
    }

    mutating func remove(_ shard: Int) {
        shards[shard] = nil
        entities[shard] = [:]
        numbers.removeSorted(shard)
    }
}

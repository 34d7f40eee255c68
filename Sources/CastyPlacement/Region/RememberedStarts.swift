import CastyCore

/// Remembered entities that wait for their turn to start.
struct RememberedStarts: Sendable {
    private var queue: [EntityKey] = []
    /// Those before this index have had their turn.
    private var next = 0
    /// When the next batch may start.
    var nextAt = Instant.start

    var isEmpty: Bool { next == queue.count }

    mutating func append(_ key: EntityKey) { queue.append(key) }

    mutating func popNext() -> EntityKey? {
        guard next < queue.count else { return nil }
        let key = queue[next]
        next += 1
        if next == queue.count { (queue, next) = ([], 0) }
        return key
    }
}

/// An entity and its shard.
struct EntityKey: Hashable, Sendable {
    var shard: Int
    var entity: String
}

import CastySharding

/// The tokens in the file that this process writes.
struct OwnTokens: Sendable {
    /// A shard of a type with a given number of shards.
    struct Shard: Hashable, Sendable {
        let type: String
        let count: Int
        let number: Int

        init(_ key: EntityKey) {
            (type, count, number) = (key.type, key.shards, key.shard)
        }
    }

    private var tokens: [Shard: ShardFence] = [:]
    /// The highest token of each type by its number of shards.
    private var highest: [String: [Int: ShardFence]] = [:]

    /// The token of exactly this shard.
    func token(of shard: Shard) -> ShardFence? { tokens[shard] }

    /// The highest token that a call for the shard must not be below.
    ///
    /// With another number of shards the same entities are in other shards, so any token of the type with another
    /// number counts.
    func highest(against shard: Shard) -> ShardFence? {
        var all = tokens[shard].map { [$0] } ?? []
        for (count, fence) in highest[shard.type] ?? [:] where count != shard.count { all.append(fence) }
        return all.highest
    }

    /// Notes a token that is not below ``highest(against:)``.
    mutating func raise(_ fence: ShardFence, for shard: Shard) {
        tokens[shard] = fence
        let known = highest[shard.type]?[shard.count]
        if known.map({ $0.isSuperseded(by: fence) }) ?? true { highest[shard.type, default: [:]][shard.count] = fence }
    }
}

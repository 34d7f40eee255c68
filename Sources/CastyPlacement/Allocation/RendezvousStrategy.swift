public import CastyCore

/// Gives each shard to the region that scores highest for it: rendezvous hashing.
///
/// When a region joins, only the shards that it wins move; when it leaves, only its own. Shard counts are even only on
/// average. Source: D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates" (IEEE/ACM Trans.
/// Networking 1998).
public struct RendezvousStrategy: ShardAllocationStrategy {
    /// Creates the strategy.
    public init() {}

    /// The home for a shard that has none.
    public func home(of shard: Int, among regions: [RegionLoad]) -> UniqueAddress {
        var best = regions[0].node
        var bestScore = Self.score(shard, best.address)
        for region in regions.dropFirst() {
            let score = Self.score(shard, region.node.address)
            if score > bestScore { (best, bestScore) = (region.node, score) }
        }
        return best
    }

    /// The moves that bring the cluster to the assignment of this strategy.
    public func round(over regions: [RegionLoad], fixed: [Int]) -> [ShardMove] {
        var moves: [ShardMove] = []
        for region in regions {
            for shard in region.shards where !fixed.sortedContains(shard) {
                let home = home(of: shard, among: regions)
                if home != region.node { moves.append(ShardMove(shard: shard, from: region.node, to: home)) }
            }
        }
        return moves
    }

    /// The score of an address for a shard. FNV alone mixes its last bytes badly, so the SplitMix64 finalizer is
    /// applied to its value.
    static func score(_ shard: Int, _ address: NodeAddress) -> UInt64 {
        var hash = StableHash()
        hash.combine(address.host)
        hash.combine(UInt64(truncatingIfNeeded: address.port))
        hash.combine(UInt64(truncatingIfNeeded: shard))
        var z = hash.value
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

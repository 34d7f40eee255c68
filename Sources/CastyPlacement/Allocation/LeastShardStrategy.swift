public import CastyCore

/// Gives a shard to the region with the fewest shards, and evens out the counts.
///
/// (number of shards, node) is a total order, so every node resolves ties the same way. One round moves shards from the
/// fullest to the emptiest region until no two regions differ by more than one shard. It moves no more shards than that
/// needs.
public struct LeastShardStrategy: ShardAllocationStrategy {
    /// Creates the strategy.
    public init() {}

    /// The home for a shard that has none.
    public func home(of shard: Int, among regions: [RegionLoad]) -> UniqueAddress {
        var best = regions[0]
        for region in regions.dropFirst() where region.shards.count < best.shards.count { best = region }
        return best.node
    }

    /// The moves that bring the cluster to the assignment of this strategy.
    public func round(over regions: [RegionLoad], fixed: [Int]) -> [ShardMove] {
        var counts = regions.map(\.shards.count)
        var next = [Int](repeating: 0, count: regions.count)
        let movable = regions.map { region in region.shards.filter { !fixed.sortedContains($0) } }
        var moves: [ShardMove] = []
        while true {
            var source: Int?
            var target = 0
            for index in regions.indices {
                if counts[index] < counts[target] { target = index }
                guard next[index] < movable[index].count else { continue }
                if let current = source, counts[index] <= counts[current] { continue }
                source = index
            }
            guard let source, counts[source] - counts[target] > 1 else { return moves }
            moves.append(
                ShardMove(
                    shard: movable[source][next[source]], from: regions[source].node, to: regions[target].node))
            next[source] += 1
            counts[source] -= 1
            counts[target] += 1
        }
    }
}

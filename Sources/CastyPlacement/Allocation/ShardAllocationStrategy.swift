public import CastyCore

/// A region that may host shards, and the shards it has.
public struct RegionLoad: Hashable, Sendable {
    /// The node of the region.
    public var node: UniqueAddress
    /// The shards that run there or are about to, in ascending order.
    public var shards: [Int]

    /// Creates the load of a region.
    public init(node: UniqueAddress, shards: [Int]) {
        self.node = node
        self.shards = shards
    }
}

/// One shard that a round of rebalancing moves.
public struct ShardMove: Hashable, Sendable {
    /// The shard.
    public var shard: Int
    /// The node that hosts it.
    public var from: UniqueAddress
    /// The node that it moves to.
    public var to: UniqueAddress

    /// Creates a move.
    public init(shard: Int, from: UniqueAddress, to: UniqueAddress) {
        self.shard = shard
        self.from = from
        self.to = to
    }
}

/// Decides which region hosts each shard.
///
/// A strategy is a pure function of its arguments: every coordinator that sees the same regions makes the same
/// decision. The regions come sorted by node and can all take shards; there is at least one.
public protocol ShardAllocationStrategy: Sendable {
    /// The home for a shard that has none.
    func home(of shard: Int, among regions: [RegionLoad]) -> UniqueAddress

    /// One round of moves from the current assignment to the assignment of this strategy.
    ///
    /// - Parameters:
    ///   - regions: The regions that take shards, sorted by node.
    ///   - fixed: Shards that stay where they are, in ascending order.
    func round(over regions: [RegionLoad], fixed: [Int]) -> [ShardMove]
}

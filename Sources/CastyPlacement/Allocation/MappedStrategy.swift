public import CastyCore

/// Follows a map from shards to node addresses that the application supplies. A shard without an entry, or whose
/// address hosts nothing, follows the fallback strategy.
public struct MappedStrategy: ShardAllocationStrategy {
    private let addresses: [Int: NodeAddress]
    private let fallback: any ShardAllocationStrategy

    /// Creates the strategy.
    ///
    /// - Parameters:
    ///   - addresses: The address of each shard that the application decides about.
    ///   - fallback: The strategy for all other shards.
    public init(addresses: [Int: NodeAddress], otherwise fallback: any ShardAllocationStrategy = LeastShardStrategy()) {
        self.addresses = addresses
        self.fallback = fallback
    }

    /// The home for a shard that has none.
    public func home(of shard: Int, among regions: [RegionLoad]) -> UniqueAddress {
        mapped(shard, among: regions) ?? fallback.home(of: shard, among: regions)
    }

    /// The moves that bring the cluster to the assignment of this strategy.
    public func round(over regions: [RegionLoad], fixed: [Int]) -> [ShardMove] {
        var moves: [ShardMove] = []
        var settled = fixed
        var loads = regions
        for (index, region) in regions.enumerated() {
            for shard in region.shards where !fixed.sortedContains(shard) {
                guard let home = mapped(shard, among: regions) else { continue }
                settled.append(shard)
                guard home != region.node, let target = regions.firstIndex(where: { $0.node == home }) else { continue }
                moves.append(ShardMove(shard: shard, from: region.node, to: home))
                loads[index].shards.removeAll { $0 == shard }
                loads[target].shards.append(shard)
            }
        }
        for index in loads.indices { loads[index].shards.sort() }
        return moves + fallback.round(over: loads, fixed: settled.sorted())
    }

    private func mapped(_ shard: Int, among regions: [RegionLoad]) -> UniqueAddress? {
        guard let address = addresses[shard] else { return nil }
        return regions.last { $0.node.address == address }?.node
    }
}

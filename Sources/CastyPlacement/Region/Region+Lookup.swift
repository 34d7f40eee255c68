package import CastyPrimitives

extension Region {
    /// Where this region believes a shard lives.
    package func home(of shard: Int) -> UniqueAddress? {
        homes.indices.contains(shard) ? homes[shard].target : nil
    }
}

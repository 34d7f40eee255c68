/// Checks of the numbers in a node's snapshot that others add up: whatever wrote them, no sum overflows its type.
extension NodeSnapshot {
    /// A bound above any real count, and low enough that a million such counts can be added.
    private static let most = 1 << 40

    /// Whether its numbers are such as a node can have.
    package var isPlausible: Bool {
        func isCount(_ number: Int) -> Bool { (0...Self.most).contains(number) }
        func isCount(_ number: UInt64) -> Bool { number <= UInt64(Self.most) }
        let shards = sharding.flatMap(\.shards)
        return isCount(actors.live) && isCount(actors.queued) && isCount(actors.asksPending)
            && sharding.allSatisfy { (0...16_384).contains($0.shardCount) && isCount($0.buffered) }
            && sharding.flatMap(\.unplaced).allSatisfy { (0..<16_384).contains($0.shard) }
            && shards.allSatisfy {
                (0..<16_384).contains($0.shard) && isCount($0.entityCount) && isCount($0.remembered)
                    && isCount($0.restarted) && isCount($0.handled)
            }
            && losses.allSatisfy { isCount($0.count) }
            && associations.allSatisfy {
                isCount($0.queuedBytes) && isCount($0.reconnects) && isCount($0.protocolVersion ?? 0)
            }
            && membership.peers.allSatisfy { !$0.phi.isNaN && !$0.threshold.isNaN }
    }
}

import CastyCore

extension NodeSnapshot {
    /// The same snapshot with all times shifted by `shift`: each process counts time from its own start.
    public func shifted(by shift: Duration) -> NodeSnapshot {
        var shifted = self
        shifted.time = time + shift
        for index in shifted.membership.peers.indices { shifted.membership.peers[index].shift(by: shift) }
        shifted.membership.downing?.shift(by: shift)
        for index in shifted.membership.waitingFor.indices {
            shifted.membership.waitingFor[index].since = shifted.membership.waitingFor[index].since.map { $0 + shift }
        }
        for index in shifted.sharding.indices { shifted.sharding[index].shift(by: shift) }
        return shifted
    }
}

extension PeerSnapshot {
    fileprivate mutating func shift(by shift: Duration) {
        lastHeartbeat = lastHeartbeat.map { $0 + shift }
        suspicionDeadline = suspicionDeadline.map { $0 + shift }
    }
}

extension DowningSnapshot {
    fileprivate mutating func shift(by shift: Duration) { due = due.map { $0 + shift } }
}

extension ShardingSnapshot {
    fileprivate mutating func shift(by shift: Duration) {
        bufferedSince = bufferedSince.map { $0 + shift }
        // A lease without an end stays without one.
        leaseUntil = leaseUntil.map { $0 == .distantFuture ? $0 : $0 + shift }
        for shard in shards.indices {
            for entity in shards[shard].entities.indices {
                shards[shard].entities[entity].lastUsed = shards[shard].entities[entity].lastUsed + shift
            }
        }
    }
}

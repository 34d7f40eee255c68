import CastyCore

extension Gossip {
    /// The join of two states: commutative, associative and idempotent, and it never ticks the clock.
    ///
    /// Only a tombstone drops a member. Of a member that both states know, the further status wins; of an observer's
    /// rows, the newer ones. No member is recorded as having seen the result.
    package func merged(with other: Gossip) -> Gossip {
        var members: [Member] = []
        mergeSorted(self.members, other.members, key: \.node) { left, right in
            switch (left, right) {
            case (let left?, let right?): members.append(left.merged(with: right))
            case (let left?, nil): members.append(left)
            case (nil, let right?): members.append(right)
            case (nil, nil): break
            }
        }
        var reachability: [ObserverRows] = []
        mergeSorted(self.reachability, other.reachability, key: \.observer) { left, right in
            switch (left, right) {
            case (let left?, let right?): reachability.append(left.merged(with: right))
            case (let left?, nil): reachability.append(left)
            case (nil, let right?): reachability.append(right)
            case (nil, nil): break
            }
        }
        var version = self.version
        version.merge(other.version)
        return Gossip(
            cluster: cluster ?? other.cluster, founding: max(founding, other.founding), members: members,
            reachability: reachability,
            tombstones: tombstones + other.tombstones, version: version,
            forgotten: max(forgotten, other.forgotten),
            highestUpNumber: max(highestUpNumber, other.highestUpNumber), seen: [])
    }

    /// The hash of the content.
    package var contentDigest: UInt64 {
        var hash = StableHash()
        hash.combine(cluster?.high ?? 0)
        hash.combine(cluster?.low ?? 0)
        hash.combine(founding)
        hash.combine(UInt64(members.count))
        for member in members {
            hash.combine(member.node)
            hash.combine(member.status.rawValue)
            hash.combine(UInt64(member.upNumber ?? 0))
            hash.combine(UInt64(member.roles.count))
            for role in member.roles { hash.combine(role) }
        }
        hash.combine(UInt64(reachability.count))
        for observer in reachability {
            hash.combine(observer.observer)
            hash.combine(observer.version)
            hash.combine(UInt64(observer.rows.count))
            for row in observer.rows {
                hash.combine(row.subject)
                hash.combine(row.verdict.rawValue)
                hash.combine(row.witness?.incarnation ?? 0)
            }
        }
        hash.combine(UInt64(tombstones.count))
        for tombstone in tombstones {
            hash.combine(tombstone.node)
            hash.combine(tombstone.lastStatus.rawValue)
            hash.combine(tombstone.changes)
            hash.combine(UInt64(tombstone.silence.nanoseconds))
        }
        hash.combine(forgotten)
        hash.combine(UInt64(highestUpNumber))
        hash.combine(UInt64(version.entries.count))
        for entry in version.entries {
            hash.combine(entry.node)
            hash.combine(entry.count)
        }
        return hash.value
    }

    /// The hash of the list of members that have seen this version.
    package var seenDigest: UInt64 {
        var hash = StableHash()
        for node in seen { hash.combine(node) }
        return hash.value
    }
}

extension StableHash {
    mutating func combine(_ node: UniqueAddress) {
        combine(node.address.host)
        combine(UInt64(truncatingIfNeeded: node.address.port))
        combine(node.incarnation)
    }
}

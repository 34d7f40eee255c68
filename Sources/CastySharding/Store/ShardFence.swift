public import CastyCore
package import CastyPlacement

/// A fencing token: which ownership of a shard a node acts under. Every later ownership has a higher one.
///
/// A store that remembers the highest token of each shard can refuse a node that was paused while its shard was given
/// to another node. The technique is described by Martin Kleppmann, "How to do distributed locking" (2016).
public struct ShardFence: Hashable, Sendable {
    /// The cluster. Tokens of two clusters have no order: a store belongs to one of them.
    public let cluster: ClusterID
    /// The coordinator's number among all members that were ever up, from 1.
    public let upNumber: Int
    /// Counts the starts of that coordinator, from 1.
    public let start: Int
    /// Counts what that coordinator has given away, from 1.
    public let sequence: UInt64

    /// Creates a token.
    public init(cluster: ClusterID, upNumber: Int, start: Int, sequence: UInt64) {
        self.cluster = cluster
        self.upNumber = upNumber
        self.start = start
        self.sequence = sequence
    }

    package init(cluster: ClusterID, _ version: ShardVersion) {
        self.init(
            cluster: cluster, upNumber: version.epoch.upNumber, start: version.epoch.start, sequence: version.sequence)
    }

    /// Whether a store that knows `other` must refuse this token.
    public func isSuperseded(by other: ShardFence) -> Bool {
        (upNumber, start, sequence) < (other.upNumber, other.start, other.sequence)
    }
}

extension ShardFence: CustomStringConvertible {
    /// `3.1.17`: coordinator, start and sequence.
    public var description: String { "\(upNumber).\(start).\(sequence)" }
}

/// Which entity a store is asked for.
public struct EntityKey: Hashable, Sendable {
    /// The shard type.
    public let type: String
    /// The entity's whole id, in the form of ``EntityID/canonical(_:)``.
    public let id: String
    /// The entity's shard.
    public let shard: Int
    /// The number of shards of the type.
    public let shards: Int

    /// Creates a key; the shard follows from the id.
    ///
    /// - Parameter shards: At least 1.
    public init(type: String, id: String, shards: Int) {
        let canonical = EntityID.canonical(id)
        self.init(type: type, id: canonical, shard: StableHash.shard(of: canonical, count: shards), of: shards)
    }

    package init(type: String, id: String, shard: Int, of shards: Int) {
        self.type = type
        self.id = id
        self.shard = shard
        self.shards = shards
    }
}

public import CastyCore

/// One shard type over the whole cluster, as far as nodes answered in time.
public struct ShardStatistics: Hashable, Sendable {
    /// The regions that answered, by node.
    public var regions: [RegionStatistics]
    /// The nodes that did not answer, by node, and why.
    public var failed: [ShardQueryFailure]

    /// The number of entities on the nodes that answered.
    public var entities: Int { regions.reduce(0) { $0 + $1.shards.reduce(0) { $0 + $1.entities } } }
}

/// One node's part in a shard type.
public struct RegionStatistics: Hashable, Sendable, Codable {
    /// The node.
    public var node: UniqueAddress
    /// Whether the coordinator knows this region.
    public var isRegistered: Bool
    /// The shards that run there, by number.
    public var shards: [HostedShardStatistics]
    /// Messages that wait there for the home of a shard, by shard.
    public var buffers: [ShardBuffer]
    /// All buffered messages there: for a home, a handoff, an entity.
    public var buffered: Int
}

/// One shard on the node that hosts it.
public struct HostedShardStatistics: Hashable, Sendable, Codable {
    /// Its number.
    public var shard: Int
    /// `starting`, `running`, `paused` (without a lease) or `handing-off`.
    public var state: String
    /// The number of its entities.
    public var entities: Int
    /// Messages delivered to its entities since it started there.
    public var handled: UInt64
    /// Messages buffered until it resumes or moves.
    public var buffered: Int
}

/// Messages that wait for the home of a shard.
public struct ShardBuffer: Hashable, Sendable, Codable {
    /// The shard's number.
    public var shard: Int
    /// The number of messages that wait.
    public var count: Int
    /// How long the oldest has waited.
    public var age: Duration
}

/// One entity on the node where it runs.
public struct EntityStatistics: Hashable, Sendable, Codable {
    /// Its whole id.
    public var id: String
    /// Its shard.
    public var shard: Int
    /// The node it runs on.
    public var node: UniqueAddress
    /// `active`, `passivating`, `stopping`, `restarting`, `remembering`, `forgetting` or `remembered`.
    public var state: String
    /// Messages delivered to it since it started.
    public var handled: UInt64
    /// How long ago it was last used.
    public var idle: Duration
}

/// A page of entities over the whole cluster, as far as nodes answered in time.
public struct EntityPage: Hashable, Sendable {
    /// The entities, in the requested order.
    public var entities: [EntityStatistics]
    /// Pass this id as `last` to get the next page; `nil` on the last page.
    public var next: String?
    /// The nodes that did not answer, by node, and why.
    public var failed: [ShardQueryFailure]
}

/// A node whose part of the answer is missing.
public struct ShardQueryFailure: Hashable, Sendable {
    /// Why it is missing.
    public enum Reason: String, Sendable, CaseIterable {
        case timedOut = "timed out"
        case unreachable
        /// The node does not run this shard type.
        case notHosted = "not hosted"
    }

    /// The node.
    public var node: UniqueAddress
    /// Why its part is missing.
    public var reason: Reason

    package init(node: UniqueAddress, reason: Reason) {
        self.node = node
        self.reason = reason
    }
}

public import CastyPlacement

/// A type of entities: its name, the messages it takes, and how its entities are spread over the cluster.
///
/// ```swift
/// let carts = EntityType("cart", of: Cart.self, shards: 24)
/// ```
///
/// A value like this is shared by the code that hosts the entities and the code that sends to them; on every node it
/// must say the same. Its messages are `Codable`, or of the faster hand-written form of `WireCodable`, where the cluster
/// has more than one node that hosts or uses the type.
/// Others, such as messages with closures, reach the entities that run on the sender's own node; for an entity on another
/// node, the asker learns at once that its question is ``AskError/Code/notEncodable``, and what was not asked for is
/// counted as lost. Where not all nodes host a type, give it a role: shards are coordinated by the oldest member with
/// the role, and by the oldest member of all where there is none, which must then host or use the type.
public struct EntityType<Message: Sendable>: Sendable {
    /// The name. Ids of entities may but need not begin with it.
    public let name: String
    /// The number of shards, 1…16384: the same on all nodes, and never changed while the cluster runs.
    ///
    /// A shard is what moves between nodes. About ten for each node that the cluster will ever have is a good number:
    /// with fewer the nodes differ much in their load, and with fewer shards than nodes some nodes host nothing, of which
    /// the coordinator's node warns. Each costs a few hundred bytes on every node, and its part of each rebalancing.
    /// The default, ``defaultShards``, is good for clusters of up to a dozen nodes.
    public let shards: Int
    /// Only members with this role host the type; the others only reach it. `nil` for all.
    public let role: String?
    /// Decides which node hosts each shard.
    public let allocation: any ShardAllocationStrategy
    /// The limits of buffers and rebalancing.
    public let limits: ShardLimits

    /// The number of shards of a type that names none: 120, which divides evenly among two to six, eight, ten and twelve
    /// nodes.
    public static var defaultShards: Int { 120 }

    /// Describes a type. Nothing is checked before it is hosted or used.
    ///
    /// - Parameters:
    ///   - name: The name, which is also part of addresses: not empty, not starting with `$`.
    ///   - message: The messages that its entities take.
    ///   - shards: The number of shards, 1…16384; about ten for each node that the cluster will ever have.
    ///   - role: Only members with this role host it.
    ///   - allocation: Decides which node hosts each shard; the same on all nodes.
    ///   - limits: The limits of buffers and rebalancing.
    public init(
        _ name: String, of message: Message.Type = Message.self, shards: Int = defaultShards, role: String? = nil,
        allocation: any ShardAllocationStrategy = LeastShardStrategy(), limits: ShardLimits = ShardLimits()
    ) {
        self.name = name
        self.shards = shards
        self.role = role
        self.allocation = allocation
        self.limits = limits
    }
}

/// Limits of buffering and rebalancing for one entity type.
public struct ShardLimits: Hashable, Sendable {
    /// The most messages that one node buffers for the type while they cannot be delivered; further ones are lost, with
    /// the reason ``CastyCore/LossReason/bufferFull``, and their askers are notified. At least 1.
    public var bufferedMessages = 10_000
    /// How often the coordinator checks whether the shards are balanced; above zero.
    public var rebalanceInterval = Duration.seconds(2)
    /// The most shards that move at the same time, as a share of all, above 0 and up to 1; at least one may always
    /// move.
    public var movingShare = 0.25
    /// The most shards that move at the same time; at least 1.
    public var movingShards = 20
    /// No shard is allocated until this many nodes can host the type for the first time; at least 1.
    public var minimumNodes = 1

    /// The default limits.
    public init() {}

    func apply(to settings: inout PlacementSettings) {
        settings.bufferLimit = bufferedMessages
        settings.rebalanceInterval = rebalanceInterval
        settings.relativeHandoffLimit = movingShare
        settings.absoluteHandoffLimit = movingShards
        settings.minimumRegions = minimumNodes
    }

    /// What is wrong with the limits; `nil` if nothing is.
    var problem: String? {
        if bufferedMessages < 1 { return "bufferedMessages is at least 1, not \(bufferedMessages)" }
        if rebalanceInterval <= .zero { return "rebalanceInterval is above zero, not \(rebalanceInterval)" }
        if !(movingShare > 0 && movingShare <= 1) { return "movingShare is above 0 and at most 1, not \(movingShare)" }
        if movingShards < 1 { return "movingShards is at least 1, not \(movingShards)" }
        if minimumNodes < 1 { return "minimumNodes is at least 1, not \(minimumNodes)" }
        return nil
    }
}

/// How the entities of a type keep their state.
public struct EntityState: Sendable {
    let store: (any EntityStore)?

    /// They keep none: an entity that stops or moves starts afresh.
    public static let none = EntityState(store: nil)

    /// The runtime saves it before what a handler tells others leaves, see
    /// ``Behavior/durable(_:_:version:codec:migrate:_:)``.
    ///
    /// - Parameter store: Where, as for ``manual(_:)``.
    public static func durable(_ store: any EntityStore) -> EntityState { EntityState(store: store) }

    /// They load and save it by ``EntityContext/load()`` and ``EntityContext/save(_:)``, or have a behavior that does
    /// so, see ``Behavior/durable(_:_:version:codec:migrate:_:)``.
    ///
    /// - Parameter store: Where; the same store on all nodes that host the type. One that belongs to a cluster must be
    ///   the store in the node's settings too.
    public static func manual(_ store: any EntityStore) -> EntityState { EntityState(store: store) }

    /// Their state is made of events, see ``Behavior/eventSourced(_:_:events:snapshots:decide:apply:)``.
    ///
    /// - Parameter store: Where, as for ``manual(_:)``.
    public static func eventSourced(_ store: any EventStore) -> EntityState { EntityState(store: store) }
}

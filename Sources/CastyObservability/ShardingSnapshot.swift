public import CastyCore

/// One node's part in one shard type.
public struct ShardingSnapshot: Hashable, Sendable, Codable {
    /// The shard type: `account`.
    public var type: String
    /// The number of its shards.
    public var shardCount: Int
    /// The home of each shard as this node knows it, by shard; a shard without a known home is absent.
    public var homes: [ShardHome]
    /// The shards this node hosts.
    public var shards: [ShardSnapshot]
    /// The number of envelopes that wait for a home.
    public var buffered: Int
    /// Since when the oldest of them has been waiting.
    public var bufferedSince: Instant?
    /// Whether this node's region is registered with the coordinator.
    public var registered: Bool
    /// When the lease that allows this node to run entities expires; `nil` if it holds none.
    public var leaseUntil: Instant?
    /// The coordinator that this region follows.
    public var coordinator: UniqueAddress?
    /// The epoch of that coordinator.
    public var epoch: UInt64
    /// Whether its entities are remembered: they restart without a message.
    public var remembers: Bool
    /// Whether its entities have a store for their state; `nil` if the node does not say.
    public var isStored: Bool?
    /// Why entities cannot be recorded as remembered at present; `nil` if they can.
    public var storeTrouble: StoreTrouble?
    /// Why shards of the type cannot get a home at present, as far as this node knows; `nil` if they can.
    public var unavailable: Unavailability?
    /// The shards that are needed but have no home, as far as this node knows, and the reasons, by shard.
    public var unplaced: [UnplacedShard]
    /// The drained nodes, which host no shards, as far as this region knows.
    public var drained: [UniqueAddress]
    /// The pinned shards, as far as this region knows.
    public var pinned: [Int]
    /// Whether rebalancing is paused, as far as this region knows.
    public var isPaused: Bool
    /// The state of the coordinator, if it runs on this node.
    public var coordinating: CoordinatorSnapshot?

    /// Creates the figures of a shard type.
    public init(
        type: String, shardCount: Int, homes: [ShardHome] = [], shards: [ShardSnapshot] = [], buffered: Int = 0,
        bufferedSince: Instant? = nil, registered: Bool = false, leaseUntil: Instant? = nil,
        coordinator: UniqueAddress? = nil, epoch: UInt64 = 0, remembers: Bool = false, isStored: Bool? = nil,
        storeTrouble: StoreTrouble? = nil, unavailable: Unavailability? = nil, unplaced: [UnplacedShard] = [],
        drained: [UniqueAddress] = [], pinned: [Int] = [], isPaused: Bool = false,
        coordinating: CoordinatorSnapshot? = nil
    ) {
        self.type = type
        self.shardCount = shardCount
        self.homes = homes
        self.shards = shards
        self.buffered = buffered
        self.bufferedSince = bufferedSince
        self.registered = registered
        self.leaseUntil = leaseUntil
        self.coordinator = coordinator
        self.epoch = epoch
        self.remembers = remembers
        self.isStored = isStored
        self.storeTrouble = storeTrouble
        self.unavailable = unavailable
        self.unplaced = unplaced
        self.drained = drained
        self.pinned = pinned
        self.isPaused = isPaused
        self.coordinating = coordinating
    }
}

/// The home of a shard.
public struct ShardHome: Hashable, Sendable, Codable {
    /// The shard's number.
    public var shard: Int
    /// The node that owns it.
    public var node: UniqueAddress
    /// Whether it is moving to another node.
    public var moving: Bool

    /// Creates a home.
    public init(shard: Int, node: UniqueAddress, moving: Bool = false) {
        self.shard = shard
        self.node = node
        self.moving = moving
    }
}

/// A shard that is needed but has no home.
public struct UnplacedShard: Hashable, Sendable, Codable {
    /// The shard's number.
    public var shard: Int
    /// The reason why it has none.
    public var cause: Unavailability

    /// Creates an entry.
    public init(shard: Int, cause: Unavailability) {
        self.shard = shard
        self.cause = cause
    }
}

/// One shard that a node hosts.
public struct ShardSnapshot: Hashable, Sendable, Codable {
    /// The state of a shard, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        /// It waits for its old home's handover, or for the store.
        case starting
        case running
        /// Its entities are paused: the node has no lease.
        case paused
        case handingOff = "handing-off"

        /// The word.
        public var description: String { rawValue }
    }

    /// The shard's number.
    public var shard: Int
    /// Its state.
    public var state: State
    /// Its entities, by name; at most one page of them.
    public var entities: [EntitySnapshot]
    /// The number of its entities.
    public var entityCount: Int
    /// The number of envelopes delivered to its entities since it started here.
    public var handled: UInt64
    /// The number of entities that were remembered when it started here.
    public var remembered: Int
    /// The number of those that have started since.
    public var restarted: Int

    /// Creates the figures of a shard.
    public init(
        shard: Int, state: State, entities: [EntitySnapshot] = [], entityCount: Int = 0, handled: UInt64 = 0,
        remembered: Int = 0, restarted: Int = 0
    ) {
        self.shard = shard
        self.state = state
        self.entities = entities
        self.entityCount = entityCount
        self.handled = handled
        self.remembered = remembered
        self.restarted = restarted
    }
}

/// One entity on the node that hosts it.
public struct EntitySnapshot: Hashable, Sendable, Codable {
    /// The state of an entity, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        case active, passivating, stopping
        /// It has failed, and waits for its restart.
        case restarting
        /// It waits until the store has recorded that it runs.
        case remembering
        /// It waits until the store has removed that record.
        case forgetting
        /// It is to start without a message, and has not started yet.
        case remembered

        /// The word.
        public var description: String { rawValue }
    }

    /// The entity's full id.
    public var id: String
    /// Its state.
    public var state: State
    /// The number of envelopes delivered to it since it started.
    public var handled: UInt64
    /// When it was last used.
    public var lastUsed: Instant

    /// Creates the figures of an entity.
    public init(id: String, state: State, handled: UInt64, lastUsed: Instant) {
        self.id = id
        self.state = state
        self.handled = handled
        self.lastUsed = lastUsed
    }
}

/// The state of a coordinator.
public struct CoordinatorSnapshot: Hashable, Sendable, Codable {
    /// The state of a coordinator, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        /// It asks the nodes which shards they host.
        case rebuilding
        /// It does not reallocate shards yet that a removed member may still run.
        case holding
        case running

        /// The word.
        public var description: String { rawValue }
    }

    /// Its state.
    public var state: State
    /// Its epoch.
    public var epoch: UInt64
    /// The nodes whose regions are registered.
    public var regions: [UniqueAddress]
    /// The shards that start or are in handoff.
    public var handoffs: [ShardTransition]
    /// Shards that wait until a removed owner's margin has passed.
    public var waiting: [Int]
    /// While it rebuilds: the nodes that have not reported their shards.
    public var awaited: [UniqueAddress]

    /// Creates the figures of a coordinator.
    public init(
        state: State, epoch: UInt64, regions: [UniqueAddress] = [], handoffs: [ShardTransition] = [],
        waiting: [Int] = [],
        awaited: [UniqueAddress] = []
    ) {
        self.state = state
        self.epoch = epoch
        self.regions = regions
        self.handoffs = handoffs
        self.waiting = waiting
        self.awaited = awaited
    }
}

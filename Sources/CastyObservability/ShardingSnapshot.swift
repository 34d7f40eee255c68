public import CastyCore

/// One node's part in one shard type.
public struct ShardingSnapshot: Hashable, Sendable, Codable {
    /// The shard type: `account`.
    public var type: String
    /// How many shards it has.
    public var shardCount: Int
    /// Where this node believes each shard lives, by shard; a shard with no known home is absent.
    public var homes: [ShardHome]
    /// The shards this node hosts.
    public var shards: [ShardSnapshot]
    /// Envelopes that wait for a home.
    public var buffered: Int
    /// Since when the oldest of them waits.
    public var bufferedSince: Instant?
    /// Whether this node's region is registered with the coordinator.
    public var registered: Bool
    /// Until when the node may run entities by its lease; `nil` where it holds none.
    public var leaseUntil: Instant?
    /// The coordinator this region obeys.
    public var coordinator: UniqueAddress?
    /// The epoch of that coordinator.
    public var epoch: UInt64
    /// Whether its entities are remembered: they come back without a message.
    public var remembers: Bool
    /// Why entities cannot be remembered at present, in words; `nil` where all is well.
    public var storeTrouble: String?
    /// Why shards of the type cannot get a home at present, as far as this node knows; `nil` where nothing stands in their way.
    public var unavailable: Unavailability?
    /// The shards that are wanted and have no home, as far as this node knows, and why, by shard.
    public var unplaced: [UnplacedShard]
    /// The nodes that shall host nothing, as far as this region knows.
    public var drained: [UniqueAddress]
    /// The shards that are tied to a node, as far as this region knows.
    public var pinned: [Int]
    /// Whether no shard moves for balance alone, as far as this region knows.
    public var isPaused: Bool
    /// What the coordinator does, where it runs on this node.
    public var coordinating: CoordinatorSnapshot?

    /// Creates the figures of a shard type.
    public init(
        type: String, shardCount: Int, homes: [ShardHome] = [], shards: [ShardSnapshot] = [], buffered: Int = 0,
        bufferedSince: Instant? = nil, registered: Bool = false, leaseUntil: Instant? = nil,
        coordinator: UniqueAddress? = nil, epoch: UInt64 = 0, remembers: Bool = false,
        storeTrouble: String? = nil, unavailable: Unavailability? = nil, unplaced: [UnplacedShard] = [],
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
        self.storeTrouble = storeTrouble
        self.unavailable = unavailable
        self.unplaced = unplaced
        self.drained = drained
        self.pinned = pinned
        self.isPaused = isPaused
        self.coordinating = coordinating
    }
}

/// Where a shard lives.
public struct ShardHome: Hashable, Sendable, Codable {
    /// The shard's number.
    public var shard: Int
    /// The node that owns it.
    public var node: UniqueAddress
    /// Whether it is on its way to another node.
    public var moving: Bool

    /// Creates a home.
    public init(shard: Int, node: UniqueAddress, moving: Bool = false) {
        self.shard = shard
        self.node = node
        self.moving = moving
    }
}

/// A shard that is wanted and has no home.
public struct UnplacedShard: Hashable, Sendable, Codable {
    /// The shard's number.
    public var shard: Int
    /// Why it has none.
    public var cause: Unavailability

    /// Creates an entry.
    public init(shard: Int, cause: Unavailability) {
        self.shard = shard
        self.cause = cause
    }
}

/// One shard that a node hosts.
public struct ShardSnapshot: Hashable, Sendable, Codable {
    /// What a shard does, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        /// It waits for what its old home has left, or for the store.
        case starting
        case running
        /// Its entities are held still: the node has no lease.
        case paused
        case handingOff = "handing-off"

        /// Its word.
        public var description: String { rawValue }
    }

    /// The shard's number.
    public var shard: Int
    /// What it does.
    public var state: State
    /// Its entities, by name; at most a page of them.
    public var entities: [EntitySnapshot]
    /// How many entities it has.
    public var entityCount: Int
    /// Envelopes its entities were handed since it started here.
    public var handled: UInt64
    /// How many entities were remembered when it started here.
    public var remembered: Int
    /// How many of those have started since.
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
    /// What an entity does, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        case active, passivating, stopping
        /// It has failed, and waits until it may start again.
        case restarting
        /// It waits until the store knows that it runs.
        case remembering
        /// It waits until the store no longer knows that it runs.
        case forgetting
        /// It is to start by itself, and has not yet.
        case remembered

        /// Its word.
        public var description: String { rawValue }
    }

    /// The entity's whole id.
    public var id: String
    /// What it does.
    public var state: State
    /// Envelopes handed to it since it started.
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

/// What a coordinator knows and does.
public struct CoordinatorSnapshot: Hashable, Sendable, Codable {
    /// What a coordinator does, by its word.
    public enum State: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
        /// It asks the nodes what they host.
        case rebuilding
        /// What a removed member may still run is not given away yet.
        case holding
        case running

        /// Its word.
        public var description: String { rawValue }
    }

    /// What it does.
    public var state: State
    /// Its epoch.
    public var epoch: UInt64
    /// The nodes whose regions are registered.
    public var regions: [UniqueAddress]
    /// Shards on the move: which, from where, to where, and what they wait for.
    public var handoffs: [String]
    /// Shards that wait until a removed owner's margin has passed.
    public var waiting: [Int]
    /// While it rebuilds: the nodes that have not said what they host.
    public var awaited: [UniqueAddress]

    /// Creates the figures of a coordinator.
    public init(
        state: State, epoch: UInt64, regions: [UniqueAddress] = [], handoffs: [String] = [], waiting: [Int] = [],
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

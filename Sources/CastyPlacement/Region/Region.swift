package import CastyCore

/// One node's part in the sharding of one entity type: routes messages, buffers them while a home is unknown, and runs
/// the entities of the shards that it hosts.
///
/// After each call the shell performs the effects in order, then reads ``wakeAt`` and calls ``onWakeup(at:)`` at that
/// time. Messages to this node are effects as well; the shell passes them directly to the local coordinator or region.
package struct Region<Payload: Sendable>: Sendable {
    package typealias Effects = [RegionEffect<Payload>]

    package let own: UniqueAddress
    package internal(set) var settings: PlacementSettings
    /// Whether it only routes and hosts nothing.
    package let isProxy: Bool

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    var view: PlacementView
    /// The most recently removed members: a message that still arrives from one of them is late.
    var removed: [UniqueAddress] = []
    /// The highest epoch seen; orders of lower ones are refused.
    var epoch = CoordinatorEpoch.none
    /// The coordinator of that epoch: no two coordinators share one.
    var epochOwner: UniqueAddress?
    /// The node that runs the coordinator, or should.
    var coordinator: UniqueAddress?
    var isRegistered = false
    /// Since when the coordinator's node has been reporting that it does not run the type.
    var notHostedSince: Instant?
    /// The coordinator's shard count, if it differs: this region stays out, and does not register again with it.
    var refusedCount: Int?
    var isRefused: Bool { refusedCount != nil }
    var registration: UInt64 = 0
    var registeredAt = Instant.start
    var intents = Intents()
    /// Why no member could host a shard, as far as this node's view shows.
    var unavailability: Unavailability?
    /// Operators' commands that have not been answered, by number.
    var commands: [PendingCommand] = []

    var leaseValidUntil = Instant.distantFuture
    var isFenced = false
    /// When the paused shards were paused.
    var pausedSince = Instant.start
    var isLeaving = false
    var leavingSince = Instant.start
    var isReleased = false
    var hasLeft = false
    var isShutDown = false

    /// By shard.
    var homes: [HomeEntry]
    var buffers: [[BufferedMessage<Payload>]]
    /// By shard: whether its buffer begins with messages that a handoff left here.
    var hasLeftover: [Bool]
    var hosted: [Shard<Payload>?]
    /// By shard. Apart from ``hosted``, so that a copy of a shard never makes this copy on write.
    var entities: [[String: Entity<Payload>]]
    /// Shards with a non-empty buffer; shards with a stream being closed; shards that run here. Ascending.
    var buffering: [Int] = []
    var closings: [Int] = []
    var hostedShards: [Int] = []
    /// Messages from nodes that are not members, or not yet; in order, few.
    var unknown: [UnknownMessage<Payload>] = []
    /// All buffered messages: in buffers, held, and for entities.
    var bufferedCount = 0

    var sequence: UInt64 = 0
    var tokens: UInt64 = 0
    var instances: UInt64 = 0
    var runs: UInt64 = 0
    /// When homes were last asked for.
    var askedAt = Instant.start
    var usage: UsageOrder
    /// Entities that wait for their restart, in no order: few.
    var restarts: [Restart] = []
    /// Remembered entities that wait for their turn; those before the index `recovered` have had it.
    var recovering: [EntityKey] = []
    var recovered = 0
    var nextRecovery = Instant.start
    /// Refused store requests that will be retried.
    var storeRetries: [StoreRetry] = []
    /// Refusals in a row.
    var storeFailures = 0

    package init(own: UniqueAddress, settings: PlacementSettings, isProxy: Bool = false) {
        precondition(settings.shardCount > 0, "a shard type has at least one shard, not \(settings.shardCount)")
        self.own = own
        self.settings = settings
        self.isProxy = isProxy
        view = PlacementView(own: own, members: [])
        homes = Array(repeating: HomeEntry(), count: settings.shardCount)
        buffers = Array(repeating: [], count: settings.shardCount)
        hasLeftover = Array(repeating: false, count: settings.shardCount)
        hosted = Array(repeating: nil, count: settings.shardCount)
        entities = Array(repeating: [:], count: settings.shardCount)
        usage = UsageOrder(policy: settings.passivation.policy)
    }

    /// The shard of an entity.
    package func shard(of entity: String) -> Int { place(of: entity).shard }

    /// The canonical form of an entity's id, and its shard: every id from outside passes through here first.
    func place(of entity: String) -> (entity: String, shard: Int) {
        let (entity, hash) = EntityID.hashed(entity)
        if settings.mutations.contains(.hashesByLength) { return (entity, entity.utf8.count % settings.shardCount) }
        return (entity, Int(hash % UInt64(settings.shardCount)))
    }

    mutating func wake(by instant: Instant) {
        if instant < .distantFuture { wakeAt = min(wakeAt ?? instant, instant) }
    }

    func note(_ note: RegionNote, _ effects: inout Effects) { effects.append(.note(note)) }

    func lose(_ message: BufferedMessage<Payload>, of shard: Int, _ reason: LossReason, _ effects: inout Effects) {
        if settings.mutations.contains(.losesSilently) { return }
        effects.append(.lost(message.payload, entity: message.entity, shard: shard, reason))
    }
}

/// An entity and its shard.
struct EntityKey: Hashable, Sendable {
    var shard: Int
    var entity: String
}

/// A request that the store of remembered entities refused.
struct StoreRetry: Hashable, Sendable {
    var request: StoreRequest
    var at: Instant
}

/// The end of an entity's wait for its restart.
struct Restart: Hashable, Sendable {
    var key: EntityKey
    var instance: UInt64
    var at: Instant
}

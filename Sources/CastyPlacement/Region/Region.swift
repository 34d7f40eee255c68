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
    package private(set) var isProxy: Bool

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    var view: PlacementView
    /// The most recently removed members: a message that still arrives from one of them is late.
    var removed: [UniqueAddress] = []
    /// Why no member could host a shard, as far as this node's view shows.
    var unavailability: Unavailability?
    /// Messages from nodes that are not members, or not yet; in order, few.
    var unknown: [UnknownMessage<Payload>] = []

    var lifecycle = RegionLifecycle.running
    /// The node stops: nothing starts any more, and every message is lost.
    var isShutDown = false
    var lease = RegionLease()
    var coordination = Coordination()

    var homes: HomeTable
    var buffers: MessageBuffers<Payload>
    /// The number of the last message that this node has routed.
    var sequence: UInt64 = 0

    var hosted: HostedShards<Payload>
    var usage: UsageOrder
    /// Entities that wait for their restart, in no order: few.
    var restarts: [Restart] = []
    var recovery = RememberedStarts()
    var storeRetries = StoreRetries()

    package init(own: UniqueAddress, settings: PlacementSettings, isProxy: Bool = false) {
        precondition(settings.shardCount > 0, "a shard type has at least one shard, not \(settings.shardCount)")
        self.own = own
        self.settings = settings
        self.isProxy = isProxy
        view = PlacementView(own: own, members: [])
        homes = HomeTable(count: settings.shardCount)
        buffers = MessageBuffers(count: settings.shardCount)
        hosted = HostedShards(count: settings.shardCount)
        usage = UsageOrder(policy: settings.passivation.policy)
    }

    /// The node hosts the type from now on, which it only reached before: the region registers as one that can be given
    /// shards.
    ///
    /// - Parameter settings: The settings for hosting; the number of shards and the role are those it was made with.
    package mutating func onHosting(_ settings: PlacementSettings, at now: Instant) -> Effects {
        precondition(
            settings.shardCount == self.settings.shardCount && settings.role == self.settings.role,
            "a region keeps its \(self.settings.shardCount) shards")
        var effects: Effects = []
        guard isProxy else { return effects }
        isProxy = false
        self.settings = settings
        usage = UsageOrder(policy: settings.passivation.policy)
        checkLease(at: now, &effects)
        register(at: now, &effects)
        return effects
    }

    var coordinator: UniqueAddress? { coordination.node }
    var epoch: CoordinatorEpoch { coordination.epoch }

    /// The shard of an entity.
    package func shard(of entity: String) -> Int { canonical(of: entity).shard }

    /// The canonical form of an entity's id, and its shard: every id from outside passes through here first.
    func canonical(of entity: String) -> (entity: String, shard: Int) {
        settings.canonical(of: entity)
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

/// The end of an entity's wait for its restart.
struct Restart: Hashable, Sendable {
    var key: EntityKey
    var instance: UInt64
    var at: Instant
}

import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import Synchronization

/// The parts of one shard type on one node, and the snapshot that others see.
final class RegionHost: Sendable {
    let type: String
    let cluster: Cluster
    let settings: PlacementSettings
    let strategy: any ShardAllocationStrategy
    /// Whether this node lacks the role that hosts the type.
    let lacksRole: Bool
    /// Set once: at the start, or when a node that reached the type begins to host it.
    ///
    /// Not an `AtomicLazyReference`, whose functions are not specialised: each delivery would look up metadata.
    private let hostingReference = Atomic<Unmanaged<EntityHosting>?>(nil)
    let payloads: PayloadCodec
    let tracing: ShardTracing<ErasedMessage>?
    private let times: StoreTimes
    private let calls: StoreCalls
    /// The calls of the store of remembered entities.
    let rememberedCalls = StoreCalls()
    let gate = LeaseGate()
    /// The ways of messages that pass the actor by.
    let routes: ShardRoutes
    /// The actor that wakes entities; only where the type has a store that keeps reminders.
    private let waking = Mutex<ActorRef<ReminderCommand>?>(nil)
    /// The cores of the actor, once it has started.
    private let started = Mutex<RegionCores?>(nil)
    /// The latest snapshot, and the change number of the cores that it shows.
    private let latest = Mutex<(changes: UInt64, snapshot: ShardingSnapshot)?>(nil)

    init(
        type: String, cluster: Cluster, settings: PlacementSettings, strategy: any ShardAllocationStrategy,
        lacksRole: Bool, hosting: EntityHosting?, payloads: PayloadCodec, tracing: ShardTracing<ErasedMessage>?
    ) {
        self.type = type
        self.cluster = cluster
        self.settings = settings
        self.strategy = strategy
        self.lacksRole = lacksRole
        times = StoreTimes.of(cluster)
        calls = StoreCalls.of(cluster)
        self.payloads = payloads
        self.tracing = tracing
        routes = ShardRoutes(count: settings.shardCount)
        if let hosting { _ = host(hosting) }
    }

    /// Makes this node host the type.
    ///
    /// - Returns: Whether it did not before.
    func host(_ hosting: EntityHosting) -> Bool {
        let mine = Unmanaged.passRetained(hosting)
        let isFirst = hostingReference.compareExchange(
            expected: nil, desired: mine, ordering: .acquiringAndReleasing
        ).exchanged
        if !isFirst { mine.release() }
        return isFirst
    }

    deinit { hostingReference.load(ordering: .acquiring)?.release() }

    var hosting: EntityHosting? { hostingReference.load(ordering: .acquiring)?.takeUnretainedValue() }

    /// Whether this node was told how to run entities of the type.
    var isHosting: Bool { hosting != nil }

    /// Whether its entities have a store.
    var isStored: Bool { hosting?.store != nil }

    /// How entities of the type are run; `nil` where this node only reaches them.
    var kind: ActorKind<RegionCommand, EntityContext>? { hosting?.kind }

    /// Deliveries and the markers that close their stream share the data path, so that none overtakes another.
    static func paths(_ type: String) -> ShellPaths {
        ShellPaths(control: ["system", actorName(type)], data: ["sharding", type])
    }

    static func actorName(_ type: String) -> String { "sharding-\(type)" }

    var inspector: Inspector { cluster.system.inspector }

    func context(
        for instance: EntityInstance, mayWrite: @escaping @Sendable () -> Bool,
        passivate: @escaping @Sendable () -> Void
    ) -> EntityContext {
        EntityContext(
            type: type, id: instance.entity, shard: instance.shard, node: cluster.system.unique,
            incarnation: instance.number, access: access(of: instance, mayWrite: mayWrite),
            clock: { [clock = cluster.system.world.wallClock] in clock.now }, passivate: passivate,
            wakeChanged: { [reminders] in reminders?.tell(.known(entity: instance.entity, next: $0)) })
    }

    /// The actor that wakes entities; `nil` where the type has no store that keeps reminders.
    var reminders: ActorRef<ReminderCommand>? {
        get { waking.withLock { $0 } }
        set { waking.withLock { $0 = newValue } }
    }

    /// The store of reminders, on a node that hosts the type.
    var remindingStore: (any RemindingEntityStore)? {
        lacksRole ? nil : hosting?.store as? any RemindingEntityStore
    }

    /// Whether this node has to wake an entity: its shard runs here, or has no home.
    func wakes(_ entity: String) -> Bool {
        let shard = StableHash.shard(of: entity, count: settings.shardCount)
        return home(of: shard).map { $0 == cluster.system.unique } ?? true
    }

    /// How long the stores have for an answer.
    var storeLimit: Duration { cluster.config.settings.entityLease / 2 }

    /// How an incarnation reaches the store. Its token follows the shard's version: a new coordinator may confirm a
    /// running shard at a higher one.
    private func access(of instance: EntityInstance, mayWrite: @escaping @Sendable () -> Bool) -> StoreAccess? {
        guard let store = hosting?.store else { return nil }
        let key = EntityKey(type: type, id: instance.entity, shard: instance.shard, of: settings.shardCount)
        return StoreAccess(
            store, key: key, system: cluster.system,
            calls: settings.mutations.contains(.overlapsCalls) ? StoreCalls() : calls, times: times,
            limit: storeLimit
        ) { [self] in
            // The version first: a permission that is valid afterwards belongs to it.
            guard let version = cores?.version(of: instance.shard), mayWrite(), let cluster = cluster.id else {
                return nil
            }
            return ShardFence(cluster: cluster, version)
        }
    }

    /// The most bytes of UTF-8 in an entity's id. The id is part of the entity's address, which is sent over the
    /// network.
    static let longestID = 2048

    /// Whether the text is short enough as it is and in canonical form, which has at most three times as many bytes.
    static func isID(_ text: String) -> Bool {
        let length = text.utf8.count
        return length <= longestID / 3 || (length <= longestID && EntityID.canonical(text).utf8.count <= longestID)
    }

    /// Records the loss of a user's message whose entity id is too long.
    func refuse(_ message: ErasedMessage, entity: String) {
        let shown = String(entity.prefix(40)) + "…"
        tracing?.lost(message, .undecodable)
        Questions.fail(
            in: message, .failed, "an id has at most \(Self.longestID) bytes, not \(entity.utf8.count)")
        inspector.lose(.undecodable, .user, target: shown, type: type, entity: shown)
    }

    /// Records the loss of a user's message.
    func lose(
        _ reason: LossReason, _ message: ErasedMessage, entity: String, shard: Int,
        causes: [EventID] = []
    ) {
        tracing?.lost(message, reason)
        inspector.lose(message, for: Addressee(type: type, shard: shard, entity: entity), reason, causes: causes)
    }

    /// Fails a question with the reason why it is not answered, and records the loss.
    func fail(
        _ message: ErasedMessage, entity: String, shard: Int, _ cause: Unavailability, causes: [EventID]
    ) {
        tracing?.lost(message, LossReason(cause))
        inspector.refuse(message, for: Addressee(type: type, shard: shard, entity: entity), cause, causes: causes)
    }

    /// The display name of a node.
    func name(_ node: UniqueAddress) -> String { inspector.nameOf(node.address) }

    /// Whether an entity is known here.
    func hosts(_ entity: String) -> Bool {
        cores?.region.hosts(entity) ?? false
    }

    /// The snapshot of this node's part in the shard type.
    ///
    /// If nothing has changed, it returns the latest snapshot at no cost.
    func snapshot(at now: Instant) -> ShardingSnapshot {
        guard let cores else { return ShardingSnapshot(type: type, shardCount: settings.shardCount) }
        learnUses()
        let changes = cores.changes
        if let latest = latest.withLock({ $0 }), latest.changes == changes, latest.snapshot.isStill {
            return latest.snapshot
        }
        let snapshot = ShardingSnapshot(self, cores, at: now)
        latest.withLock { $0 = (changes, snapshot) }
        return snapshot
    }

    /// Lets the region know what its entities were used for, before a reader looks.
    ///
    /// Not where entities are passivated: there the order of uses counts, and a reader must not change it.
    func learnUses() {
        guard let cores, !cores.region.passivatesByItself else { return }
        cores.learnUses(of: routes)
    }

    /// Where a shard runs, as far as this node knows.
    func home(of shard: Int) -> UniqueAddress? { cores?.read { region, _, _, _ in region.home(of: shard) } }

    /// The cores of the actor, for readers; `nil` before its first turn.
    var cores: RegionCores? { started.withLock { $0 } }

    /// Creates the cores that the actor starts with.
    func makeCores() -> RegionCores {
        let own = cluster.system.unique
        let cores = RegionCores(
            region: Region(own: own, settings: settings, isProxy: lacksRole || !isHosting),
            coordinator: ShardCoordinator(own: own, settings: settings, strategy: strategy))
        started.withLock { $0 = cores }
        return cores
    }
}

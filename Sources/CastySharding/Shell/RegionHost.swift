import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import Synchronization

/// What one shard type on one node is made of, and what others see of it.
final class RegionHost: Sendable {
    let type: String
    let cluster: Cluster
    let settings: PlacementSettings
    let strategy: any ShardAllocationStrategy
    let isProxy: Bool
    let store: (any EntityStore)?
    private let remembered: (any RememberedEntityStore)?
    let kind: EntityKind
    let payloads: PayloadCodec
    let tracing: ShardTracing<ErasedMessage>?
    let gate = LeaseGate()
    /// What the actor decides with, once it has begun.
    private let started = Mutex<RegionCores?>(nil)
    /// What was shown last, and at which change of the cores.
    private let latest = Mutex<(changes: UInt64, snapshot: ShardingSnapshot)?>(nil)

    init(
        type: String, cluster: Cluster, settings: PlacementSettings, strategy: any ShardAllocationStrategy,
        isProxy: Bool, store: (any EntityStore)?, remembered: (any RememberedEntityStore)?, kind: EntityKind,
        payloads: PayloadCodec, tracing: ShardTracing<ErasedMessage>?
    ) {
        self.type = type
        self.cluster = cluster
        self.settings = settings
        self.strategy = strategy
        self.isProxy = isProxy
        self.store = store
        self.remembered = remembered
        self.kind = kind
        self.payloads = payloads
        self.tracing = tracing
    }

    static func controlPath(_ type: String) -> [String] { ["system", "sharding-\(type)"] }

    /// A path outside `system` puts what goes there on the lane of users' messages.
    static func dataPath(_ type: String) -> [String] { ["sharding", type] }

    var inspector: Inspector { cluster.system.inspector }

    func context(
        for instance: EntityInstance, mayWrite: @escaping @Sendable () -> Bool,
        passivate: @escaping @Sendable () -> Void
    ) -> EntityContext {
        EntityContext(
            type: type, id: instance.entity, shard: instance.shard, node: cluster.system.unique, life: instance.number,
            store: store, mayWrite: mayWrite, passivate: passivate)
    }

    /// The most bytes of UTF-8 in an entity's id. It is part of the entity's address, which travels.
    static let longestID = 2048

    /// Whether the text is short enough, also in the form of all ids, which has at most three times as many bytes.
    static func isID(_ text: String) -> Bool {
        let length = text.utf8.count
        return length <= longestID / 3 || (length <= longestID && EntityID.canonical(text).utf8.count <= longestID)
    }

    /// Accounts for a user's message whose entity has an id that is too long.
    func refuse(_ message: ErasedMessage, entity: String) {
        let shown = String(entity.prefix(40)) + "…"
        tracing?.lost(message, .undecodable)
        Questions.fail(
            in: message, .failed, "an id has at most \(Self.longestID) bytes, not \(entity.utf8.count)")
        inspector.lose(.undecodable, .user, target: shown, type: type, entity: shown)
    }

    /// Accounts for a user's message that will not be handled.
    func lose(
        _ reason: CastyObservability.LossReason, _ message: ErasedMessage, entity: String, shard: Int,
        causes: [EventID] = []
    ) {
        tracing?.lost(message, reason)
        Questions.fail(in: message, AskError.Code(reason), reason.rawValue)
        inspector.lose(reason, .user, target: entity, type: type, shard: shard, entity: entity, causes: causes)
    }

    /// Tells the asker of a question why it will not be answered, and accounts for it.
    func fail(
        _ message: ErasedMessage, entity: String, shard: Int, _ cause: Unavailability, causes: [EventID]
    ) {
        let reason = CastyObservability.LossReason(cause)
        tracing?.lost(message, reason)
        Questions.fail(in: message, AskError.Code(cause), cause.description, cause: cause)
        inspector.lose(reason, .user, target: entity, type: type, shard: shard, entity: entity, causes: causes)
    }

    /// Passes on what the core asks of the store of remembered entities; the answer comes as a message to the region.
    func remember(_ request: StoreRequest, tell region: ActorRef<RegionCommand>) {
        guard let remembered else {
            return region.tell(.storeFailed(request, EntityStoreError(.unavailable, "\(type) has no such store")))
        }
        let (shard, count) = (request.shard, settings.shardCount)
        let change: RememberedChange
        switch request {
        case .load:
            remembered.load(type: type, shard: shard, of: count) { result in
                switch result {
                case .success(let names): region.tell(.remembered(request, names))
                case .failure(let error): region.tell(.storeFailed(request, error))
                }
            }
            return
        case .add(let entity, _, _): change = .started(entity)
        case .remove(let entity, _, _): change = .stopped(entity)
        }
        remembered.record(change, type: type, shard: shard, of: count) { result in
            switch result {
            case .success: region.tell(.stored(request))
            case .failure(let error): region.tell(.storeFailed(request, error))
            }
        }
    }

    /// How people call a node.
    func name(_ node: UniqueAddress) -> String { inspector.nameOf(node.address) }

    /// Whether an entity lives here.
    func hosts(_ entity: String) -> Bool {
        cores?.region.hosts(entity) ?? false
    }

    /// What others see of it.
    ///
    /// A region that nothing has happened to shows what it showed last: looking at it costs nothing then.
    func snapshot(at now: Instant) -> ShardingSnapshot {
        guard let cores else { return ShardingSnapshot(type: type, shardCount: settings.shardCount) }
        let changes = cores.changes
        if let latest = latest.withLock({ $0 }), latest.changes == changes, latest.snapshot.isStill {
            return latest.snapshot
        }
        let snapshot = ShardingSnapshot(self, cores, at: now)
        latest.withLock { $0 = (changes, snapshot) }
        return snapshot
    }

    /// The cores of the actor, for those who look; `nil` before its first turn.
    var cores: RegionCores? { started.withLock { $0 } }

    /// The cores that the actor begins with.
    func makeCores() -> RegionCores {
        let own = cluster.system.unique
        let cores = RegionCores(
            region: Region(own: own, settings: settings, isProxy: isProxy),
            coordinator: ShardCoordinator(own: own, settings: settings, strategy: strategy))
        started.withLock { $0 = cores }
        return cores
    }
}

extension PlacementStatus {
    init(_ status: MemberStatus) {
        switch status {
        case .joining: self = .joining
        case .weaklyUp: self = .weaklyUp
        case .up: self = .up
        case .leaving: self = .leaving
        case .exiting: self = .exiting
        case .down: self = .down
        }
    }
}

public import CastyActors
public import CastyCluster
import CastyCore
package import CastyMembership
import CastyObservability
public import CastyPlacement
import CastyRemoting
import CastySerialization
import Synchronization

/// The entities of a cluster: each runs on one node at a time, the node of its shard, and is reached by its id.
///
/// ```swift
/// let carts = try sharding.start(type: "cart", shards: 24) { entity in cart(entity.id) }
/// carts.tell("cart-17", .add("apples"))
/// ```
///
/// An entity runs on one node at a time, even if nodes are cut off or crash: a node without a valid lease handles no
/// messages. There is one limit. A running handler cannot be interrupted from outside. It is given up if it does not
/// return for seven seconds after its shard was ordered to move (five to stop, two to stop by force), or if it runs for
/// longer than a removed member's lease; the entity then starts elsewhere beside it. What such a handler does after
/// that time must be harmless, or be refused by the systems that it calls.
///
/// A node has one `Sharding`.
public final class Sharding: Sendable {
    /// The cluster whose members host the shards.
    public let cluster: Cluster
    /// The store for entities whose type has no store of its own, if any.
    public let entityStore: (any EntityStore)?
    private let codecs = PayloadCodecs()
    private let isAnswering = Atomic<Bool>(false)
    private let regions = Mutex<[String: RegionAccess]>([:])
    /// Held while a region starts, so that a type has one.
    private let starting = Mutex<Void>(())
    /// The types that accept text commands of clients.
    let textEntities = TextEntities()

    /// Type-erased access to the region of one type, for callers that do not know its message type.
    private struct RegionAccess: Sendable {
        let command: @Sendable (OperatorCommand, @escaping @Sendable (CommandAnswer) -> Void) -> Void
        let host: RegionHost
        let actor: ActorRef<RegionCommand>
        let take: @Sendable (ClientMessage, NodeAddress, @escaping @Sendable (ClientResponse.Content) -> Void) -> Void
        /// A `ShardRegion` of the type's messages.
        let region: any Sendable
    }

    /// Creates the sharding of a cluster.
    ///
    /// - Parameters:
    ///   - cluster: Its members host the shards.
    ///   - entityStore: The store for entities whose type has no store of its own.
    public init(_ cluster: Cluster, entityStore: (any EntityStore)? = nil) {
        self.cluster = cluster
        self.entityStore = entityStore
        cluster.system.keep(part: self)
    }

    /// Starts a shard type on this node; every node that hosts or reaches it must do the same.
    ///
    /// - Parameters:
    ///   - type: The type's name; entities' ids may but need not begin with it.
    ///   - shards: The number of shards: the same on all nodes, and never changed while the cluster runs. 1…16384.
    ///   - role: Only members with this role host it; the others only reach it. `nil` for all.
    ///   - store: Where entities save their state, if they do; ``entityStore`` by default.
    ///   - remember: Where to record which entities run, if they should restart without a message; see
    ///     ``RememberedEntityStore``.
    ///   - passivation: Which entities are passivated automatically; none by default, because an entity without a store
    ///     loses its state.
    ///   - mailbox: How many messages may wait for one entity, without those of the batch that it handles. One more is
    ///     counted as lost with the reason ``LossReason/mailboxFull``, and who asked learns it at once.
    ///   - strategy: Decides which node hosts each shard.
    ///   - entity: Makes the behavior of an entity each time it starts.
    /// - Returns: The region through which the entities are reached.
    /// - Throws: ``ShardingError`` if the type is hosted here already, another message type has the name of its own, the
    ///   number of shards is out of range, the name is not a valid actor name, or the node is stopping.
    @inlinable
    public func start<Message: Sendable>(
        type: String, shards: Int, role: String? = nil, store: (any EntityStore)? = nil,
        remember: (any RememberedEntityStore)? = nil, passivation: Passivation = .none,
        mailbox: MailboxCapacity = .unbounded,
        strategy: any ShardAllocationStrategy = LeastShardStrategy(), of message: Message.Type = Message.self,
        entity: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try start(
            type: type, shards: shards, role: role, store: store, remember: remember, passivation: passivation,
            strategy: strategy, handling: ActorHandling(mailbox: mailbox, entity))
    }

    @usableFromInline
    func start<Message: Sendable>(
        type: String, shards: Int, role: String?, store: (any EntityStore)?, remember: (any RememberedEntityStore)?,
        passivation: Passivation, strategy: any ShardAllocationStrategy, handling: ActorHandling<EntityContext, Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        var settings = PlacementSettings(cluster.config.settings, shards: shards, role: role)
        settings.passivation = passivation.settings
        return try start(
            type: type, settings: settings, store: store ?? entityStore, remember: remember, strategy: strategy,
            handling: handling)
    }

    /// Starts a shard type with custom settings.
    package func start<Message: Sendable>(
        type: String, settings: PlacementSettings, store: (any EntityStore)?,
        remember: (any RememberedEntityStore)? = nil,
        strategy: any ShardAllocationStrategy = LeastShardStrategy(), tracing: ShardTracing<Message>? = nil,
        entity: @escaping @Sendable (EntityContext) -> Behavior<Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try start(
            type: type, settings: settings, store: store, remember: remember, strategy: strategy, tracing: tracing,
            handling: ActorHandling(entity))
    }

    /// Starts a shard type with custom settings and functions that were created where the type is known.
    package func start<Message: Sendable>(
        type: String, settings: PlacementSettings, store: (any EntityStore)?,
        remember: (any RememberedEntityStore)? = nil,
        strategy: any ShardAllocationStrategy = LeastShardStrategy(), tracing: ShardTracing<Message>? = nil,
        handling: ActorHandling<EntityContext, Message>
    ) throws(ShardingError) -> ShardRegion<Message> {
        try ShardingError.translating(type) {
            try begin(
                type: type, settings: settings, store: store, remember: remember, strategy: strategy, tracing: tracing,
                handling: handling)
        }
    }

    private func begin<Message: Sendable>(
        type: String, settings: PlacementSettings, store: (any EntityStore)?, remember: (any RememberedEntityStore)?,
        strategy: any ShardAllocationStrategy, tracing: ShardTracing<Message>?,
        handling: ActorHandling<EntityContext, Message>
    ) throws -> ShardRegion<Message> {
        try cluster.requireNamed(store, of: type)
        var settings = settings
        settings.remembersEntities = remember != nil
        let hosting = EntityHosting(kind: ActorKind(handling), store: store, remembered: remember)
        return try starting.withLock { _ in
            if let known = regions.withLock({ $0[type] }) {
                return try host(known, type: type, settings: settings, hosting)
            }
            return try begin(type: type, settings: settings, strategy: strategy, tracing: tracing, hosting: hosting)
        }
    }

    /// Starts the region of a type, which hosts entities or only reaches them. Called by one thread at a time.
    private func begin<Message: Sendable>(
        type: String, settings: PlacementSettings, strategy: any ShardAllocationStrategy,
        tracing: ShardTracing<Message>?, hosting: EntityHosting?
    ) throws -> ShardRegion<Message> {
        guard (1...16_384).contains(settings.shardCount) else {
            throw ShardingError(.badShardCount, "\(type): a type has 1 to 16384 shards, not \(settings.shardCount)")
        }
        let system = cluster.system
        let payloads = try cluster.payloadCodec(type, of: Message.self)
        codecs.add(payloads)
        try startAnswering()
        let lacksRole = settings.role.map { !cluster.config.roles.contains($0) } ?? false
        let host = RegionHost(
            type: type, cluster: cluster, settings: settings, strategy: strategy, lacksRole: lacksRole,
            hosting: hosting, payloads: payloads, tracing: tracing?.erased)
        // With its entities: a message to one takes a hand-over between threads less, and what users bring to a region,
        // its strategy and its stores, never runs where membership does.
        let actor = try system.spawnSystem(
            RegionShell.behavior(host), name: RegionHost.actorName(type), dispatcher: .standard)
        // It forwards many messages in a turn and waits for nothing.
        actor.target.gatherWrites()
        let (entry, reference) = RegionEntry.make(host, actor, codecs)
        cluster.attach(actor, reachedBy: reference, at: RegionHost.paths(type).data)
        system.inspector.provide(sharding: type) { host.snapshot(at: $0) }
        let region = ShardRegion<Message>(
            type: type, shardCount: settings.shardCount, system: system, actor: reference, entry: entry,
            host: host,
            queries: ShardQueries(type: type, role: settings.role, cluster: cluster) { host.answer($0) },
            ref: RegionRoute<Message>.reference(type: type, actor: reference, system: system))
        let access = RegionAccess(
            command: { command, answer in actor.tell(.command(command, answer)) }, host: host, actor: actor,
            take: { region.take($0, from: $1, answer: $2) }, region: region)
        regions.withLock { $0[type] = access }
        cluster.declare("shards", String(settings.shardCount), of: type)
        if hosting != nil { declareRemembering(settings, of: type) }
        try startWaking(host, actor)
        return region
    }

    /// Starts the actor that wakes entities, where the type is hosted with a store that keeps reminders.
    private func startWaking(_ host: RegionHost, _ region: ActorRef<RegionCommand>) throws {
        guard let store = host.remindingStore else { return }
        host.reminders = try cluster.system.spawnSystem(
            ReminderShell.behavior(host, store, region), name: "reminders-\(host.type)", dispatcher: .standard)
    }

    private func declareRemembering(_ settings: PlacementSettings, of type: String) {
        cluster.declare("remembering", settings.remembersEntities ? "on" : "off", of: type)
    }

    /// Makes this node host a type that it has only reached so far.
    private func host<Message>(
        _ known: RegionAccess, type: String, settings: PlacementSettings, _ hosting: EntityHosting
    ) throws -> ShardRegion<Message> {
        let host = known.host
        guard let region = known.region as? ShardRegion<Message> else {
            throw ShardingError(.otherMessage, "\(type) takes other messages on this node than \(Message.self)")
        }
        guard host.settings.shardCount == settings.shardCount, host.settings.role == settings.role else {
            throw ShardingError(
                .badShardCount,
                "\(type) is reached with \(host.settings.shardCount) shards on this node, and would be hosted with \(settings.shardCount)"
            )
        }
        guard host.host(hosting) else {
            throw ShardingError(.alreadyStarted, "\(type) runs on this node already")
        }
        declareRemembering(settings, of: type)
        try startWaking(host, known.actor)
        if !host.lacksRole { known.actor.tell(.host(settings)) }
        return region
    }

    /// The region of a type on this node; started to reach the type where it does not run yet.
    ///
    /// - Throws: ``ShardingError`` where the type runs here with other messages, or cannot be started.
    func region<Message: Sendable>(
        of type: String, shards: Int, role: String?, limits: ShardLimits, strategy: any ShardAllocationStrategy
    ) throws(ShardingError) -> ShardRegion<Message> {
        try ShardingError.translating(type) {
            if let known = try known(type, of: Message.self) { return known }
            return try starting.withLock { _ in
                if let known = try known(type, of: Message.self) { return known }
                var settings = PlacementSettings(cluster.config.settings, shards: shards, role: role)
                limits.apply(to: &settings)
                return try begin(type: type, settings: settings, strategy: strategy, tracing: nil, hosting: nil)
            }
        }
    }

    /// The region of a type, where one runs on this node.
    private func known<Message>(
        _ type: String, of message: Message.Type
    ) throws(ShardingError) -> ShardRegion<Message>? {
        guard let known = regions.withLock({ $0[type] }) else { return nil }
        guard let region = known.region as? ShardRegion<Message> else {
            throw ShardingError(.otherMessage, "\(type) takes other messages on this node than \(Message.self)")
        }
        return region
    }

    /// Starts the actor that answers other nodes' queries, once.
    private func startAnswering() throws {
        let system = cluster.system
        try system.registry.register(
            RegionCommand.self, name: "casty.sharding", codec: RegionCommand.codec(codecs))
        try system.registry.register(ShardQuestion.self, name: "casty.sharding.question")
        try system.registry.register(ShardAnswer.self, name: "casty.sharding.answer")
        guard isAnswering.exchange(true, ordering: .relaxed) == false else { return }
        let responder = try system.spawnSystem(UnhostedTypeResponder.behavior, name: UnhostedTypeResponder.actorName)
        let paths = RegionHost.paths("")
        for path in [paths.control, paths.data].compactMap(\.self) { system.publish(responder, under: path) }
        _ = try system.spawnSystem(
            Behavior<ShardQuestion>.receive { [weak self] _, question in
                question.replyTo.tell(self?.answer(question.query, type: question.type) ?? .notHosted)
                return .same
            }, name: ShardQueries.actorName)
    }

    private func answer(_ query: ShardQuery, type: String) -> ShardAnswer {
        regions.withLock { $0[type] }?.host.answer(query) ?? .notHosted
    }

    /// The names of the types that run on this node, in order.
    package var types: [String] { regions.withLock { Array($0.keys) }.sorted() }

    /// Sends an operator's command to the coordinator of a type, and calls back with its answer: within ten seconds of
    /// this node's clock, or when sharding ends here. A node that crashes or hangs does not call back.
    package func command(
        _ command: OperatorCommand, type: String, answer: @escaping @Sendable (CommandAnswer) -> Void
    ) {
        guard let region = regions.withLock({ $0[type] }) else { return answer(.refused(.noCoordinator)) }
        region.command(command, answer)
    }

    /// Sends an entity the message of a client; returns `false` where this node neither hosts nor uses its type.
    func take(
        _ message: ClientMessage, from client: NodeAddress,
        answer: @escaping @Sendable (ClientResponse.Content) -> Void
    ) -> Bool {
        guard let region = regions.withLock({ $0[message.type] }) else { return false }
        region.take(message, client, answer)
        return true
    }

    /// Whether an entity of a type is known on this node at the moment.
    package func hosts(_ entity: String, type: String) -> Bool {
        regions.withLock { $0[type] }?.host.hosts(entity) ?? false
    }
}

extension Cluster {
    /// Refuses a store that belongs to a cluster, on a node whose settings name none.
    func requireNamed(_ store: (any EntityStore)?, of owner: String) throws(ShardingError) {
        guard store is any ClusterStore, config.store == nil else { return }
        throw ShardingError(
            .storeNotNamed,
            "the store of \(owner) belongs to one cluster: name it in the node's settings too ($0.store), so that all nodes agree on it and none of another cluster writes there"
        )
    }
}

extension PlacementSettings {
    /// The settings that match those of the membership: margins and lease must fit each other.
    package init(_ membership: MembershipSettings, shards: Int, role: String? = nil) {
        self.init()
        shardCount = shards
        self.role = role
        removalMargin = membership.removalMargin(members: 3)
        // Where heartbeats are rare an answer takes long: what is asked again before it can come is only load.
        retry = max(retry, membership.heartbeat / 4)
    }
}

public import CastyActors
public import CastyCluster
import CastyCore
import CastyLive
import CastyRemoting
import CastySerialization
public import CastySharding
import Logging
import Synchronization

/// One node of a cluster in this process: its actors, its membership and its shards, over TCP.
///
/// ```swift
/// let carts = EntityType("cart", of: Cart.self, shards: 24)
///
/// let node = try CastyNode("shop") {
///     $0.bind = "127.0.0.1:25520"
/// }
/// try node.host(carts) { entity in cart(entity.id) }
/// try await ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm], logger: log).run()
/// ```
///
/// A node is made, then started: by ``run()`` as a service, by ``start()``, or by ``withNode(_:_:_:)`` for the time of a
/// scope. Entity types and actors may be added before or after. It runs once: to come back, make another one.
///
/// Keep a reference to the node as long as it should run: after the last one is released, the node leaves the cluster
/// by itself.
public final class CastyNode: Sendable {
    /// The node's actors.
    public let system: ActorSystem
    /// The node's membership.
    public let cluster: Cluster
    /// The node's shards.
    public let sharding: Sharding
    /// The names of message types.
    public let types: TypeRegistry
    let lifecycle: NodeLifecycle
    let assembled: AssembledNode
    let watch: NodeWatch
    let feed: NodeFeed
    let seeds: Seeds
    /// How long leaving may take at most, if nothing else is said.
    let leaveLimit: Duration
    let log: Logger
    private let phase = Mutex(Phase.made)

    private enum Phase {
        case made, started
    }

    /// The default limit for leaving.
    public static var leaveLimit: Duration { .seconds(30) }

    /// Makes a node. It takes its address now, also where the system chooses the port, and neither listens nor joins
    /// before it is started.
    ///
    /// - Parameters:
    ///   - name: The name of the cluster, 1…255 bytes; nodes of other clusters are refused.
    ///   - configure: Changes the settings.
    /// - Throws: ``NodeError`` with the code ``NodeError/Code/badSetting`` where a setting cannot work, or `configure`
    ///   has thrown; with another code where the process cannot run a node.
    public convenience init(
        _ name: String, _ configure: (inout NodeSettings) throws -> Void = { _ in }
    ) throws(NodeError) {
        var settings = NodeSettings()
        do {
            try configure(&settings)
        } catch {
            throw NodeError(.badSetting, "\(error)", cause: error)
        }
        try self.init(name: name, settings, settings.clusterConfig(), NodeParts())
    }

    /// Parts of a node that have no public setting.
    struct NodeParts {
        var entityStore: (any EntityStore)?
        /// Sharding settings of the cluster's preset are taken from the configuration as it is.
        var address: NodeAddress?
    }

    init(
        name: String, _ settings: NodeSettings, _ config: ClusterConfig, _ parts: NodeParts
    ) throws(NodeError) {
        guard (1...255).contains(name.utf8.count) else {
            throw NodeError(.badSetting, "the cluster's name is \"\(name.prefix(40))\": it must have 1 to 255 bytes")
        }
        if let problem = config.problem { throw NodeError(.badSetting, problem) }
        try settings.checkProcess()
        let addresses = try settings.addresses()
        var remoting = try settings.remoting(listen: nil)
        let protection = try settings.protection()
        remoting.demandsAuthentication = protection != nil
        try Self.requireFiles()

        let runtime = NodeRuntime(settings, protection)
        var begun: ActorSystem?
        do {
            let bound = try runtime.reserve(addresses)
            if bound.bind != bound.advertise { remoting.listen = bound.bind }
            var assembly = NodeAssembly(
                name: name, address: bound.advertise, config: config, registry: settings.types)
            assembly.remoting = remoting
            assembly.entityStore = parts.entityStore
            assembly.log = settings.log
            assembly.encodesLocalMessages = settings.encodeLocalMessages
            assembly.tracer = NodeTracer(settings.tracer)
            let system = assembly.makeSystem(in: runtime.host.world)
            begun = system
            assembled = try assembly.make(on: system)
            try ObservationService.start(on: system)
            // Other nodes send it what is registered there, whether or not this node uses it.
            _ = assembled.cluster.receptionist
        } catch {
            runtime.discard()
            begun?.abandon()
            throw error as? NodeError ?? NodeError(.badSetting, "\(error)", cause: error)
        }
        system = assembled.system
        cluster = assembled.cluster
        sharding = assembled.sharding
        types = settings.types
        seeds = settings.seeds
        leaveLimit = settings.leaveLimit
        log = settings.log
        lifecycle = NodeLifecycle(runtime.world, runtime.host, system)
        watch = NodeWatch(cluster)
        feed = NodeFeed(system, cluster)
        lifecycle.whenEnded { [watch, feed] in
            watch.ended()
            feed.finish()
        }
    }

    deinit { lifecycle.dropped(cluster, within: leaveLimit, wasStarted: phase.withLock { $0 } == .started) }

    /// Notes that the node starts; it may do so once.
    func beginStart() throws(NodeError) {
        let isFirst = phase.withLock { phase in
            defer { phase = .started }
            return phase == .made
        }
        guard isFirst else {
            throw NodeError(.alreadyStarted, "\(system.address) was started before: a node runs once, make another one")
        }
    }

    /// Whether it was started.
    var wasStarted: Bool { phase.withLock { $0 } == .started }
}

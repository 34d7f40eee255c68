public import CastyActors
public import CastyCluster
public import CastyCore
import CastyLive
import CastyRemoting
public import CastySerialization
public import CastySharding
import Glibc
public import Logging

/// One node of a cluster in this process: its actors, its membership, its shards, over TCP.
///
/// ```swift
/// let node = try await CastyNode.start(
///     name: "shop", listen: NodeAddress(host: "127.0.0.1", port: 25520),
///     cluster: .lan(seeds: [NodeAddress(host: "127.0.0.1", port: 25520)]))
/// let greeter = try node.system.spawn(
///     Behavior<String>.receive { context, name in
///         print("Hello, \(name)")
///         return .same
///     }, name: "greeter")
/// greeter.tell("Swift")
/// await node.leave()
/// ```
///
/// Keep the node as long as it shall run: when the last reference to it is gone it leaves the cluster by itself.
public final class CastyNode: Sendable {
    /// The node's actors.
    public let system: ActorSystem
    /// The node's membership.
    public let cluster: Cluster
    /// The node's shards.
    public let sharding: Sharding
    private let life: NodeLife

    /// How long leaving takes at most where nothing else is said.
    public static var leaveLimit: Duration { .seconds(30) }

    private init(life: NodeLife, system: ActorSystem, cluster: Cluster, entityStore: (any EntityStore)?) {
        self.life = life
        self.system = system
        self.cluster = cluster
        sharding = Sharding(cluster, entityStore: entityStore)
    }

    deinit { life.dropped(cluster, within: Self.leaveLimit) }

    /// Starts a node: it listens, then joins the cluster through its seeds, or founds one if it is the first of them.
    ///
    /// Returns when it listens; ``Cluster/state`` and ``Cluster/subscribe(_:)`` tell how joining goes on.
    ///
    /// - Parameters:
    ///   - name: The name of the cluster; nodes of others are refused.
    ///   - listen: Where to listen; the address that other nodes use, with a port that is not zero.
    ///   - config: Seeds, roles and timings.
    ///   - entityStore: Where entities keep their state, unless their type has a store of its own: `SQLiteStores` of `CastySQLite` keeps it
    ///     on the disk. All nodes that host a type must reach one and the same store.
    ///   - log: The logger.
    ///   - register: Registers the message types that travel between nodes, under stable names.
    /// - Throws: ``NodeError`` where the address cannot be listened on; whatever `register` throws.
    public static func start(
        name: String, listen: NodeAddress, cluster config: ClusterConfig, entityStore: (any EntityStore)? = nil,
        log: Logger = Logger(label: "casty"),
        register: (TypeRegistry) throws -> Void = { _ in }
    ) async throws -> CastyNode {
        guard listen.port != 0 else {
            throw NodeError(description: "a node listens on a port that others can name, not on 0")
        }
        if let problem = config.settings.problems.first {
            throw NodeError(description: "these settings cannot work: \(problem)")
        }
        try requireFiles()
        let world = LiveWorld()
        let host = world.node(transport: TwoLaneTransport())
        let registry = TypeRegistry()
        var begun: ActorSystem?
        do {
            try register(registry)
            let system = ActorSystem(name: name, address: listen, world: host.world, registry: registry, log: log)
            begun = system
            let parts = try ClusterNode(system: system, config: config)
            try ObservationService.start(on: system)
            let outcome = await withCheckedContinuation { continuation in
                parts.start { continuation.resume(returning: $0) }
            }
            if case .failure(let error) = outcome {
                throw NodeError(description: "cannot listen on \(error.message)")
            }
            return CastyNode(
                life: NodeLife(world, host, system), system: system, cluster: parts.cluster, entityStore: entityStore)
        } catch {
            host.kill()
            world.shutdown()
            begun?.abandon()
            throw error
        }
    }

    /// An event loop takes a few files, and the network library does without an error where there are none.
    private static func requireFiles() throws(NodeError) {
        var files: [Int32] = []
        defer { for file in files { close(file) } }
        for _ in 0..<8 {
            let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                throw NodeError(
                    description: "a node needs more open files than are left: \(String(cString: strerror(errno)))")
            }
            files.append(file)
        }
    }

    /// Leaves the cluster gracefully: shards move away, the others agree, everything stops. Returns when it has.
    ///
    /// - Parameter limit: How long that may take. Handlers that do not return and members that do not answer are not waited for any longer:
    ///   towards the end of the time the node stops without the others' word, and what still runs is logged, with the actor's path, and left
    ///   behind.
    public func leave(within limit: Duration = CastyNode.leaveLimit) async {
        life.leave(cluster, within: limit)
        await life.ended()
    }

    /// Begins to leave as ``leave(within:)`` does, and returns at once: for a signal's handler.
    package func beginLeaving(within limit: Duration) { life.leave(cluster, within: limit) }

    /// Stops without asking the others; they will find it unreachable.
    ///
    /// - Parameter limit: How long that may take; what still runs then is logged, with the actor's path, and left behind.
    public func stop(within limit: Duration = ActorSystem.terminationLimit) async {
        life.stop(within: limit)
        await life.ended()
    }

    /// Returns when the node has ended, by itself or because it was told to.
    public func ended() async { await life.ended() }
}

/// Why a node could not be started.
public struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For a person: what is wrong, and what to do.
    public let description: String
}

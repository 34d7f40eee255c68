public import CastyActors
public import CastyCluster
public import CastyCore
import CastyLive
import CastyRemoting
public import CastySerialization
public import CastySharding
import Glibc
public import Logging

/// One node of a cluster in this process: its actors, its membership and its shards, over TCP.
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
/// Keep a reference to the node as long as it should run: after the last one is released, the node leaves the cluster
/// by itself.
public final class CastyNode: Sendable {
    /// The node's actors.
    public let system: ActorSystem
    /// The node's membership.
    public let cluster: Cluster
    /// The node's shards.
    public let sharding: Sharding
    private let lifecycle: NodeLifecycle

    /// The default limit for leaving.
    public static var leaveLimit: Duration { .seconds(30) }

    private init(lifecycle: NodeLifecycle, _ node: AssembledNode) {
        self.lifecycle = lifecycle
        system = node.system
        cluster = node.cluster
        sharding = node.sharding
    }

    deinit { lifecycle.dropped(cluster, within: Self.leaveLimit) }

    /// Starts a node: it listens, then joins the cluster through its seeds, or founds one if it is the first seed.
    ///
    /// Returns once it listens; ``Cluster/state`` and ``Cluster/subscribe(_:)`` show the progress of joining.
    ///
    /// - Parameters:
    ///   - name: The name of the cluster; nodes of other clusters are refused.
    ///   - listen: The address to listen on, which is also the one that other nodes use; its port must not be zero.
    ///   - config: Seeds, roles and timings.
    ///   - entityStore: The store of the entities' state, for types without a store of their own: `SQLiteStores` of
    ///     `CastySQLite` stores it on disk. All nodes that host a type must use the same store.
    ///   - log: The logger.
    ///   - register: Registers the types of messages between nodes, under stable names.
    /// - Throws: ``NodeError`` if the node cannot listen on the address; any error from `register`.
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
        var assembly = NodeAssembly(name: name, address: listen, config: config)
        assembly.entityStore = entityStore
        assembly.log = log
        var begun: ActorSystem?
        do {
            try register(assembly.registry)
            let system = assembly.makeSystem(in: host.world)
            begun = system
            let node = try assembly.make(on: system)
            try ObservationService.start(on: system)
            // Other nodes send it what is registered there, whether or not this node uses it.
            _ = node.cluster.receptionist
            let outcome = await withCheckedContinuation { continuation in
                node.start { continuation.resume(returning: $0) }
            }
            if case .failure(let error) = outcome {
                throw NodeError(description: "cannot listen on \(error.message)")
            }
            return CastyNode(lifecycle: NodeLifecycle(world, host, system), node)
        } catch {
            host.kill()
            world.shutdown()
            begun?.abandon()
            throw error
        }
    }

    /// An event loop needs a few files, and the network library continues without an error if there are none left.
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

    /// Leaves the cluster gracefully: shards move away, the other members agree, and everything stops. Returns after
    /// that.
    ///
    /// - Parameter limit: The time limit. The node does not wait any longer for handlers that do not return and members
    ///   that do not answer: near the end of the time it stops without the others' agreement. Actors that are still
    ///   running are logged with their paths and abandoned.
    public func leave(within limit: Duration = CastyNode.leaveLimit) async {
        lifecycle.leave(cluster, within: limit)
        await lifecycle.ended()
    }

    /// Starts leaving like ``leave(within:)``, and returns at once: for use in a signal handler.
    package func beginLeaving(within limit: Duration) { lifecycle.leave(cluster, within: limit) }

    /// Stops without notifying the other members; they will find the node unreachable.
    ///
    /// - Parameter limit: The time limit; actors that are still running after it are logged with their paths and
    ///   abandoned.
    public func stop(within limit: Duration = ActorSystem.terminationLimit) async {
        lifecycle.stop(within: limit)
        await lifecycle.ended()
    }

    /// Returns when the node has ended, for whichever reason.
    public func ended() async { await lifecycle.ended() }
}

/// The reason why a node could not be started.
public struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A message for a person: what is wrong, and what to do.
    public let description: String
}

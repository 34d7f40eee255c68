public import CastyActors
public import CastyCluster
public import CastyCore
import CastyLive
public import CastySerialization
public import CastySharding
public import Logging
public import ServiceLifecycle

extension CastyNode: Service {
    /// Runs the node as a service: starts it, and returns when it has left after a graceful shutdown, within the limit
    /// of its settings.
    ///
    /// A node that ``start()`` has started runs on. If the task is cancelled, the node stops without leaving.
    ///
    /// - Throws: ``NodeError`` where the node cannot start, and where it ended by itself: it was refused, declared down
    ///   or removed, or its cluster ended. `CancellationError` if the task was cancelled.
    public func run() async throws {
        if !wasStarted { try await start() }
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await lifecycle.ended()
            } onGracefulShutdown: {
                self.beginLeaving()
            }
        } onCancel: {
            lifecycle.stop(within: ActorSystem.terminationLimit)
        }
        if let error = endError { throw error }
        try Task.checkCancellation()
    }
}

extension CastyNode {
    /// Starts the node: it listens, then joins the cluster through its seeds, or founds one.
    ///
    /// Returns once it listens; ``joined(within:)`` waits for more.
    ///
    /// - Throws: ``NodeError`` if the node cannot listen on its address, or was started before. It has then ended.
    public func start() async throws(NodeError) {
        try beginStart()
        let outcome = await withCheckedContinuation { continuation in
            assembled.listen { continuation.resume(returning: $0) }
        }
        switch outcome {
        case .success: beginJoining()
        case .failure(let error):
            lifecycle.stop(within: .seconds(1))
            await lifecycle.ended()
            throw NodeError(.cannotListen, "cannot listen on \(error.message)", cause: error)
        }
    }

    private func beginJoining() {
        switch seeds.source {
        case .list: cluster.start()
        case .dns(let host, let port, let count):
            SeedLookup(host, atLeast: count) { () throws(TransportError) in
                try HostLookup.addresses(of: host, port: port)
            }.begin(for: cluster, watch)
        case .srv(let name, let count):
            SeedLookup(name, atLeast: count) { () throws(TransportError) in
                try ServiceLookup.addresses(of: name)
            }.begin(for: cluster, watch)
        }
    }

    /// Makes a node and starts it.
    ///
    /// ```swift
    /// let node = try await CastyNode.start("shop") { $0.bind = "127.0.0.1:25520" }
    /// ```
    ///
    /// - Parameters:
    ///   - name: The name of the cluster.
    ///   - configure: Changes the settings.
    /// - Throws: ``NodeError``, as ``init(_:_:)`` and ``start()`` do.
    public nonisolated(nonsending) static func start(
        _ name: String, _ configure: (inout NodeSettings) throws -> Void = { _ in }
    ) async throws(NodeError) -> CastyNode {
        let node = try CastyNode(name, configure)
        try await node.start()
        return node
    }

    /// Starts a node with a configuration of its membership that was made before.
    ///
    /// - Parameters:
    ///   - name: The name of the cluster; nodes of other clusters are refused.
    ///   - listen: The address to listen on, which is also the one that other nodes use.
    ///   - config: Seeds, roles and timings.
    ///   - entityStore: The store of the entities' state, for types without a store of their own. All nodes that host a
    ///     type must use the same store.
    ///   - tls: How connections are protected.
    ///   - log: The logger.
    ///   - register: Registers names of message types that differ from those of the Swift types.
    /// - Throws: ``NodeError``, as ``init(_:_:)`` and ``start()`` do, also where `register` has thrown.
    public nonisolated(nonsending) static func start(
        name: String, listen: NodeAddress, cluster config: ClusterConfig, entityStore: (any EntityStore)? = nil,
        tls: ConnectionSecurity = .loopbackOnly, log: Logger = Logger(label: "casty"),
        register: (TypeRegistry) throws -> Void = { _ in }
    ) async throws(NodeError) -> CastyNode {
        var settings = NodeSettings()
        settings.bind = "\(listen)"
        settings.tls = tls
        settings.log = log
        var config = config
        config.seeds = config.seeds.map(\.canonical)
        do {
            try register(settings.types)
        } catch {
            throw NodeError(.badSetting, "\(error)", cause: error)
        }
        let node = try CastyNode(name: name, settings, config, NodeParts(entityStore: entityStore))
        try await node.start()
        return node
    }

    /// Waits until the node is up in a cluster.
    ///
    /// A node that is let in while the cluster cannot converge, and so is only weakly up, counts too: it may use the
    /// cluster.
    ///
    /// - Parameter limit: How long to wait.
    /// - Throws: ``NodeError``: where the node was refused, or ended otherwise, as soon as that is known; with the code
    ///   ``NodeError/Code/noSeed`` where it has found no cluster in time, ``NodeError/Code/notUp`` where it has found
    ///   one. `CancellationError` if the task is cancelled.
    public func joined(within limit: Duration = .seconds(30)) async throws {
        let outcome = await watch.wait(within: limit)
        switch outcome {
        case .isUp: return
        case .cancelled: throw CancellationError()
        case .ended:
            throw endError
                ?? NodeError(.stopped, "\(system.address) has ended before it was up", stopReason: cluster.stopReason)
        case .timedOut:
            if let problem = watch.lookupProblem {
                throw NodeError(.noSeed, "\(system.address) has no seeds after \(limit): \(problem)")
            }
            if let wait = cluster.core.waitingForCluster {
                throw NodeError(
                    .noSeed, "\(system.address) has found no cluster within \(limit): \(wait)", seeds: wait.asked)
            }
            throw NodeError(.notUp, "\(system.address) is not up after \(limit)")
        }
    }

    /// Leaves the cluster gracefully: shards move away, the other members agree, and everything stops. Returns after
    /// that.
    ///
    /// - Parameter limit: The time limit; by default that of the settings. The node does not wait any longer for
    ///   handlers that do not return and members that do not answer: near the end of the time it stops without the
    ///   others' agreement. Actors that are still running are logged with their paths and abandoned.
    public func leave(within limit: Duration? = nil) async {
        beginLeaving(within: limit)
        await lifecycle.ended()
    }

    /// Starts leaving like ``leave(within:)``, and returns at once: for use in a signal handler.
    package func beginLeaving(within limit: Duration? = nil) {
        let limit = limit ?? leaveLimit
        if wasStarted { lifecycle.leave(cluster, within: limit) } else { lifecycle.stop(within: limit) }
    }

    /// Stops without notifying the other members; they will find the node unreachable.
    ///
    /// - Parameter limit: The time limit; actors that are still running after it are logged with their paths and
    ///   abandoned.
    public func stop(within limit: Duration = ActorSystem.terminationLimit) async {
        lifecycle.stop(within: limit)
        await lifecycle.ended()
    }

    /// Returns when the node has ended, for any reason.
    public func ended() async { await lifecycle.ended() }

    /// The error of a node that has ended by itself.
    private var endError: NodeError? { cluster.stopReason.flatMap { NodeError($0, system.address) } }
}

/// Runs a node for the time of a scope: starts it, calls the body, and leaves when the body has returned or thrown.
///
/// ```swift
/// try await withNode("shop", { $0.bind = "127.0.0.1:0" }) { node in
///     try await node.joined()
///     …
/// }
/// ```
///
/// - Parameters:
///   - name: The name of the cluster.
///   - configure: Changes the settings.
///   - body: What to do while the node runs.
/// - Returns: What the body returns.
/// - Throws: ``NodeError``, as ``CastyNode/start(_:_:)`` does; what the body throws.
public nonisolated(nonsending) func withNode<Result>(
    _ name: String, _ configure: (inout NodeSettings) throws -> Void = { _ in },
    _ body: nonisolated(nonsending) (CastyNode) async throws -> Result
) async throws -> Result {
    let node = try await CastyNode.start(name, configure)
    do {
        let result = try await body(node)
        await node.leave()
        return result
    } catch {
        await node.leave()
        throw error
    }
}

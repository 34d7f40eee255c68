public import Casty
public import CastyCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Shows a node over HTTP, and lets operators change the cluster through it.
///
/// ```swift
/// let management = try ManagementServer(for: node) {
///     $0.bind = "127.0.0.1:8558"
///     $0.token = try ManagementToken(secret)
/// }
/// // Services end in the reverse order: the node leaves first, and shows that meanwhile.
/// try await ServiceGroup(services: [management, node], gracefulShutdownSignals: [.sigterm], logger: log).run()
/// ```
///
/// `GET /live` and `GET /ready` are for supervisors, `GET /metrics` for Prometheus, `GET /openapi.json` describes the rest.
/// Reading needs no credentials; what changes anything needs the token.
///
/// The server retains its node.
public final class ManagementServer: Service, Sendable {
    private enum Phase {
        case made, starting
        case running(any Channel)
        case stopped
    }

    private struct State {
        var phase = Phase.made
        var connections: [ObjectIdentifier: any Channel] = [:]
        var table: ConnectionTable<ObjectIdentifier>
    }

    private let settings: ManagementSettings
    private let bind: NodeAddress
    private let node: CastyNode
    private let state: Mutex<State>

    /// Makes a server; ``run()`` or ``start()`` starts it.
    ///
    /// - Parameters:
    ///   - node: The node that it shows.
    ///   - configure: Changes the settings.
    /// - Throws: ``ManagementError`` with the code ``ManagementError/Code/badSetting`` where a setting cannot work, or
    ///   `configure` has thrown.
    public init(
        for node: CastyNode, _ configure: (inout ManagementSettings) throws -> Void = { _ in }
    ) throws(ManagementError) {
        var settings = ManagementSettings()
        do { try configure(&settings) } catch let error as ManagementError { throw error } catch {
            throw ManagementError(.badSetting, "\(error)", cause: error)
        }
        bind = try settings.checked()
        self.settings = settings
        self.node = node
        let table = ConnectionTable<ObjectIdentifier>(
            limit: settings.connectionLimit, perSource: min(settings.connectionsPerSource, settings.connectionLimit))
        state = Mutex(State(table: table))
    }

    /// Where it listens, with the port that it was given; `nil` while it does not.
    public var address: NodeAddress? {
        state.withLock { state in
            guard case .running(let channel) = state.phase, let address = channel.localAddress else { return nil }
            return NodeAddress(host: address.ipAddress ?? bind.host, port: address.port ?? bind.port)
        }
    }

    /// Starts the server. Returns when it listens.
    ///
    /// - Throws: ``ManagementError`` where it cannot listen, or was started before.
    public func start() async throws(ManagementError) {
        let isFirst = state.withLock { state in
            guard case .made = state.phase else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else { throw ManagementError(.alreadyStarted, "the server was started before: it runs once") }
        do {
            let managed = try ManagedNode(node, settings.metrics)
            // A node that reports elsewhere goes on to do so.
            try? node.report(to: settings.metrics, every: settings.reportInterval)
            let hosts = HostCheck(settings.hosts + [bind.host, node.system.address.host])
            let channel = try await listen(RouteTable(managed, settings.token, hosts))
            let isStopped = state.withLock { state in
                guard case .starting = state.phase else { return true }
                state.phase = .running(channel)
                return false
            }
            if isStopped { try? await channel.close() }
            settings.log.info("management listens on http://\(address ?? bind)")
        } catch {
            state.withLock { $0.phase = .stopped }
            throw ManagementError(.cannotListen, "cannot listen on \(bind): \(error)", cause: error)
        }
    }

    /// Stops listening, and closes all connections.
    public func stop() async {
        let open = state.withLock { state -> [any Channel] in
            var open = Array(state.connections.values)
            if case .running(let listening) = state.phase { open.insert(listening, at: 0) }
            state.phase = .stopped
            return open
        }
        for channel in open { try? await channel.close() }
    }

    /// Runs as a service: starts the server where it was not, and stops it at a graceful shutdown, or where the task is
    /// cancelled.
    ///
    /// - Throws: ``ManagementError``, as ``start()`` does.
    public func run() async throws {
        if case .made = state.withLock({ $0.phase }) { try await start() }
        try? await gracefulShutdown()
        await stop()
    }

    private func listen(_ routes: RouteTable) async throws -> any Channel {
        let timeout = TimeAmount(settings.clientTimeout)
        // One of the process's shared threads: a server that is hardly asked needs none of its own.
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [weak self] channel in
                guard let self, let admission = admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    let id = ObjectIdentifier(channel)
                    try pipeline.addHandler(
                        ManagementConnection(
                            routes, timeout: timeout, admission,
                            began: { [weak self] in self?.state.withLock { $0.table.began(id) } },
                            answered: { [weak self] in self?.state.withLock { $0.table.answered(id) } }))
                }
            }
        return try await bootstrap.bind(host: bind.host, port: bind.port).get()
    }

    /// Counts a connection, and closes another one where there is no room; `nil` where the server has stopped.
    private func admit(_ channel: any Channel) -> ConnectionTable<ObjectIdentifier>.Admission? {
        let id = ObjectIdentifier(channel)
        let source = channel.remoteAddress?.source ?? ""
        let (admission, displaced) = state.withLock {
            state -> (ConnectionTable<ObjectIdentifier>.Admission?, (any Channel)?) in
            if case .stopped = state.phase { return (nil, nil) }
            let (admission, leaving) = state.table.admit(id, from: source)
            state.connections[id] = channel
            return (admission, leaving.flatMap { state.connections.removeValue(forKey: $0) })
        }
        displaced?.close(promise: nil)
        if admission != nil {
            channel.closeFuture.whenComplete { [weak self] _ in
                self?.state.withLock { state in
                    state.connections[id] = nil
                    state.table.remove(id)
                }
            }
        }
        return admission
    }
}

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
    }

    private let settings: ManagementSettings
    private let bind: NodeAddress
    private let node: CastyNode
    private let state = Mutex(State())

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
            let channel = try await listen(RouteTable(managed, settings.token))
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
                guard let self, admit(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(ManagementConnection(routes, timeout: timeout))
                }
            }
        return try await bootstrap.bind(host: bind.host, port: bind.port).get()
    }

    /// Counts a connection; `false` where there are too many.
    private func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            if case .stopped = state.phase { return false }
            guard state.connections.count < settings.connectionLimit else { return false }
            state.connections[id] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { [weak self] _ in
                _ = self?.state.withLock { $0.connections.removeValue(forKey: id) }
            }
        }
        return isAdmitted
    }
}

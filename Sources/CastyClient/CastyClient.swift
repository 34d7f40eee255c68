import Casty
import CastyActors
import CastyCore
import CastyLive
public import CastySerialization
public import CastySharding
import Synchronization

/// Sends messages to the entities of a cluster from a program that is no node of it.
///
/// ```swift
/// let client = try CastyClient("shop", nodes: ["10.0.0.7:25520", "10.0.0.8:25520"]) {
///     $0.tls = .sharedSecret(file: "operate.secret")  // of CastyTLS
/// }
/// let cart = client.entity(carts, "cart-17")
/// try await cart.tell(.add("apples"))
/// let items = try await cart.ask { .list(replyTo: $0) }
/// await client.close()
/// ```
///
/// The nodes must have called ``CastyNode/serveClients()``. The client is never a member, is not counted, and listens
/// nowhere. It connects to the nodes that it was given, and goes on through the others when one is lost, whose
/// connection it tries again after growing pauses. What is asked while no node is connected waits for one, as long as its
/// time allows.
///
/// A request that surely has not been handled is sent again by itself; one whose outcome is not known is not, unless the
/// caller allows it.
public final class CastyClient: Sendable {
    /// The names of message types.
    public let types: TypeRegistry
    package let entities: EntityClient
    private let runtime: ClientRuntime

    /// Makes a client, which connects at its first request, or when ``run()`` or ``connected(within:)`` is called.
    ///
    /// - Parameters:
    ///   - cluster: The name of the cluster.
    ///   - nodes: Some of its nodes, each as `host:port`: those that carry the client's messages.
    ///   - configure: Changes the settings.
    /// - Throws: ``ClientError`` with the code ``ClientError/Code/badSetting`` where a setting cannot work, or `configure`
    ///   has thrown.
    public init(
        _ cluster: String, nodes: [String], _ configure: (inout ClientSettings) throws -> Void = { _ in }
    ) throws(ClientError) {
        var settings = ClientSettings()
        do {
            try configure(&settings)
        } catch {
            throw ClientError(.badSetting, "\(error)")
        }
        guard (1...255).contains(cluster.utf8.count) else {
            throw ClientError(
                .badSetting, "the cluster's name is \"\(cluster.prefix(40))\": it must have 1 to 255 bytes")
        }
        let addresses = try settings.addresses(nodes)
        let remoting = try settings.remoting()
        let protection: (any ConnectionProtection)?
        do {
            protection = try settings.tls.protection()
        } catch {
            throw ClientError(.badSetting, "tls: \(error)")
        }
        types = settings.types
        runtime = ClientRuntime(workers: settings.workers, protection)
        do {
            entities = try EntityClient(
                world: runtime.world, cluster: cluster, nodes: addresses, isProtected: protection != nil,
                settings: remoting, registry: types)
        } catch {
            runtime.end()
            throw ClientError(.badSetting, "\(error)")
        }
    }

    deinit { runtime.close(entities) {} }

    /// An entity, wherever it runs and whether it runs or not.
    ///
    /// - Parameters:
    ///   - type: The type, as the nodes host it. Only its name and the type of its messages count here.
    ///   - id: The entity's whole id; any text of up to 2048 bytes of UTF-8.
    public func entity<Message: Sendable>(_ type: EntityType<Message>, _ id: String) -> ClientEntityRef<Message> {
        ClientEntityRef(client: self, entityType: type, id: id)
    }

    /// How many nodes are connected at the moment.
    public var connectedNodes: Int { entities.openNodes }

    /// Waits until a node is connected.
    ///
    /// - Parameter timeout: How long to wait at most.
    /// - Throws: ``ClientError``: ``ClientError/Code/noNode`` with the reasons of all nodes where the time is over,
    ///   ``ClientError/Code/notAllowed`` as soon as all of them refuse this client.
    public func connected(within timeout: Duration = .seconds(10)) async throws(ClientError) {
        _ = try await deliver(.hello, within: timeout)
    }

    /// Ends the connections; what waits for an answer fails with ``ClientError/Code/closed``. Returns when all has ended.
    public func close() async {
        await withCheckedContinuation { done in runtime.close(entities) { done.resume() } }
    }

    /// Ends the connections as ``close()`` does, and calls back.
    package func close(completion: @escaping @Sendable () -> Void) { runtime.close(entities, completion: completion) }

    /// Calls back when it has ended.
    func whenEnded(_ action: @escaping @Sendable () -> Void) { runtime.whenEnded(action) }

    /// Begins to connect, once.
    package func start() { runtime.start(entities) }

    /// Sends a request, and waits for its outcome.
    func deliver(_ request: EntityClient.Request, within timeout: Duration) async throws(ClientError)
        -> EntityClient.Reply
    {
        start()
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                cancellation.set(
                    entities.deliver(request, within: timeout) { continuation.resume(returning: $0) })
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}

/// Cancels a request, whether the task is cancelled before or after it is sent.
private final class Cancellation: Sendable {
    private enum State: Sendable {
        case new, cancelled
        case sent(@Sendable () -> Void)
    }

    private let state = Mutex(State.new)

    func set(_ cancel: @escaping @Sendable () -> Void) {
        let isCancelled = state.withLock { state -> Bool in
            if case .cancelled = state { return true }
            state = .sent(cancel)
            return false
        }
        if isCancelled { cancel() }
    }

    func cancel() {
        let before = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .sent(let cancel) = before { cancel() }
    }
}

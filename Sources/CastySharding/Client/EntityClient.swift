package import CastyActors
package import CastyCore
package import CastyRemoting
package import CastySerialization
import Synchronization

/// Sends messages to entities through any of several nodes, without being a member.
///
/// It is never a member, never counted, never monitored, and no node dials it. It uses the nodes that answer in turn,
/// and continues with the others if one crashes. It never resends a request whose outcome is unknown, unless the request
/// allows that.
package final class EntityClient: Sendable {
    /// The reply to a request.
    package struct Reply: Sendable, Hashable {
        package let text: String
        /// The node that forwarded the request.
        package let node: UniqueAddress
        /// The reply to a message of the entity's own type.
        var value: EncodedValue?
    }

    package typealias Completion = @Sendable (Result<Reply, ClientError>) -> Void

    private struct State: Sendable {
        var nodes: ClientNodes
        var sequence: UInt64 = 0
        var open: [UInt64: OpenRequest] = [:]
        /// The requests that may be sent again.
        var deliveries: [UInt64: ClientDelivery] = [:]
        var isEnding = false
    }

    private struct OpenRequest: Sendable {
        let node: NodeAddress
        var giveUp: (@Sendable () -> Void)?
    }

    private let client: RemotingClient
    let settings: RemotingSettings
    private let state: Mutex<State>
    /// How often it checks for nodes that can be used again.
    private static let tick = Duration.milliseconds(50)
    /// How much longer than the node it waits, so that the node's error arrives.
    private static let margin = Duration.seconds(1)

    /// Creates a client of a cluster; ``start()`` starts it.
    ///
    /// - Parameters:
    ///   - world: The runtime: time, threads and network.
    ///   - cluster: The cluster's name.
    ///   - nodes: Some of its nodes; ``add(_:)`` adds others.
    ///   - isProtected: Whether the transport of the world protects connections, and nodes must prove that they are some.
    ///   - settings: The codec and the limits of connections.
    ///   - registry: The names of message types.
    package init(
        world: NodeWorld, cluster: String, nodes: [NodeAddress], isProtected: Bool = false,
        settings: RemotingSettings = RemotingSettings(), registry: TypeRegistry = TypeRegistry()
    ) throws {
        var settings = settings
        settings.reconnectMaximum = .milliseconds(500)
        settings.reconnectAttempts = 1
        settings.demandsAuthentication = isProtected
        self.settings = settings
        client = try RemotingClient("client", world: world, cluster: cluster, settings: settings, registry: registry) {
            try ClientProtocol.register(in: $0)
        }
        state = Mutex(State(nodes: ClientNodes(nodes, world.random.stream("client-nodes"))))
        client.remoting.hooks = RemotingHooks(
            connectFailed: { [weak self] node, error in
                self?.lost(node, error.message, refuses: error.code == .notAuthentic)
            },
            connectionLost: { [weak self] peer in self?.lost(peer.address, "the connection was lost") })
    }

    package var system: ActorSystem { client.system }

    /// Starts to look for nodes.
    package func start() {
        client.start()
        look()
    }

    /// Adds a node that was not known.
    package func add(_ node: NodeAddress) { state.withLock { $0.nodes.add(node) } }

    /// Ends all connections; open requests fail.
    package func stop(completion: @escaping @Sendable () -> Void) {
        let (deliveries, open) = state.withLock { state in
            state.isEnding = true
            return (
                state.deliveries.sorted { $0.key < $1.key }.map(\.value),
                state.open.sorted { $0.key < $1.key }.map(\.value)
            )
        }
        for delivery in deliveries { delivery.finish(.failure(ClientError(.closed, "the client was closed"))) }
        for request in open { request.giveUp?() }
        client.stop(completion: completion)
    }

    /// The number of nodes that can be used at the moment.
    package var openNodes: Int { state.withLock { $0.nodes.openCount } }

    /// Why the other nodes cannot be used, as far as known.
    package var reasons: [String] { state.withLock { $0.nodes.reasons } }

    /// Asks an entity, once.
    package func ask(
        _ entity: String, _ text: String, within timeout: Duration, completion: @escaping Completion
    ) {
        send(.ask(entity, text), within: timeout, completion)
    }

    /// Sends a command to an entity, once; calls back when a node has accepted it.
    package func tell(
        _ entity: String, _ text: String, within timeout: Duration, completion: @escaping Completion
    ) {
        send(.tell(entity, text), within: timeout, completion)
    }

    /// Sends a request, and again as long as it was surely not handled, may succeed a little later, and there is time.
    ///
    /// - Parameters:
    ///   - request: What is asked, and of which node.
    ///   - timeout: How long all attempts may take together. Where the node that forwards the request hangs, the last one
    ///     takes a second longer.
    ///   - completion: Called once.
    /// - Returns: A function that cancels it; the entity may handle it all the same.
    @discardableResult
    package func deliver(
        _ request: Request, within timeout: Duration, completion: @escaping Completion
    ) -> @Sendable () -> Void {
        let delivery = state.withLock { state -> ClientDelivery? in
            guard !state.isEnding else { return nil }
            state.sequence += 1
            let delivery = ClientDelivery(
                request, through: self, number: state.sequence, until: system.now + timeout, completion)
            state.deliveries[state.sequence] = delivery
            return delivery
        }
        guard let delivery else {
            completion(.failure(ClientError(.closed, "the client was closed")))
            return {}
        }
        delivery.attempt()
        return { delivery.finish(.failure(ClientError(.cancelled, "the request was cancelled"))) }
    }

    /// A request that may be sent again is over.
    func ended(_ delivery: UInt64) { state.withLock { $0.deliveries[delivery] = nil } }

    /// Sends a request once.
    func send(_ request: Request, within timeout: Duration, _ completion: @escaping Completion) {
        let (node, allRefuse) = state.withLock { state -> (NodeAddress?, Bool) in
            guard !state.isEnding else { return (nil, false) }
            let node: NodeAddress? =
                switch request.route {
                case .any: state.nodes.next()
                case .entity(let key): state.nodes.node(for: key)
                case .node(let address): state.nodes.state(of: address) == .open ? address : nil
                }
            return (node, state.nodes.allRefuse)
        }
        guard let node else {
            let reasons = reasons
            let text = reasons.isEmpty ? "not connected yet" : reasons.joined(separator: "; ")
            return completion(.failure(ClientError(allRefuse && !reasons.isEmpty ? .notAllowed : .noNode, text)))
        }
        send(request.content(timeout), to: node, within: timeout) { [self] result in
            switch result {
            case .success(.reply(let text), let peer): completion(.success(Reply(text: text, node: peer)))
            case .success(.value(let value), let peer):
                completion(.success(Reply(text: "", node: peer, value: value)))
            case .success(.done(let moves), let peer): completion(.success(Reply(text: "\(moves)", node: peer)))
            case .success(.sent, let peer), .success(.welcome, let peer):
                completion(.success(Reply(text: "", node: peer)))
            case .success(.failed(let error), _): completion(.failure(error))
            case .failure(let error):
                if error.code == .timedOut {
                    let now = system.now
                    state.withLock { $0.nodes.doubt(node, at: now) }
                }
                completion(.failure(error))
            }
        }
    }

    /// A node's answer, or why there is none.
    private enum Answer {
        case success(ClientResponse.Content, UniqueAddress)
        case failure(ClientError)
    }

    private func send(
        _ content: ClientRequest.Content, to node: NodeAddress, within timeout: Duration,
        _ completion: @escaping @Sendable (Answer) -> Void
    ) {
        let sequence = state.withLock { state -> UInt64 in
            state.sequence += 1
            state.open[state.sequence] = OpenRequest(node: node)
            return state.sequence
        }
        let service = system.reference(on: node, path: ClientProtocol.path, as: ClientRequest.self)
        let identity = client.identity
        let giveUp = system.ask(
            service, within: timeout + Self.margin,
            { ClientRequest(client: identity, sequence: sequence, content: content, replyTo: $0) },
            completion: { [self] (result: Result<ClientResponse, AskError>) in
                state.withLock { $0.open[sequence] = nil }
                completion(Self.answer(result, identity, sequence, node))
            })
        // The answer may have come already.
        let isLate = state.withLock { state in
            state.open[sequence]?.giveUp = giveUp
            return state.isEnding
        }
        if isLate { giveUp() }
    }

    private static func answer(
        _ result: Result<ClientResponse, AskError>, _ identity: UInt64, _ sequence: UInt64, _ node: NodeAddress
    ) -> Answer {
        switch result {
        case .success(let response):
            guard response.client == identity, response.sequence == sequence else {
                return .failure(ClientError(.failed, "\(node) answered another request"))
            }
            return .success(response.content, response.node)
        case .failure(let error): return .failure(ClientError(error, of: node))
        }
    }

    /// Sends a hello periodically to the nodes that are not open.
    private func look() {
        let now = system.now
        let due = state.withLock { state in state.isEnding ? nil : state.nodes.due(at: now) }
        guard let due else { return }
        for node in due {
            send(.hello, to: node, within: ClientNodes.patience) { [self] answer in
                switch answer {
                case .success(.welcome, _): state.withLock { $0.nodes.welcomed(by: node) }
                case .success(.failed(let error), _): lost(node, error.message, refuses: error.code == .notAllowed)
                case .success(.reply, _), .success(.value, _), .success(.sent, _), .success(.done, _): break
                case .failure(let error):
                    switch error.code {
                    // The node has refused to take it.
                    case .failed: lost(node, error.message, refuses: true)
                    case .refused: lost(node, error.message)
                    // The function that notices the loss records the reason, or the next check finds no answer.
                    case .noNode, .badSetting, .unknownType, .badRequest, .notAllowed, .overloaded, .unavailable,
                        .rejected, .timedOut, .connectionLost, .closed, .cancelled:
                        break
                    }
                }
            }
        }
        _ = system.world.scheduler.schedule(after: Self.tick) { [weak self] in self?.look() }
    }

    /// The connection with a node was lost or refused: requests that wait for its answer have an unknown outcome.
    private func lost(_ node: NodeAddress, _ reason: String, refuses: Bool = false) {
        let now = system.now
        let open = state.withLock { state -> [OpenRequest] in
            state.nodes.lost(node, reason, refuses: refuses, at: now)
            return state.open.filter { $0.value.node == node }.sorted { $0.key < $1.key }.map(\.value)
        }
        for request in open { request.giveUp?() }
    }
}

extension ClientError {
    /// The client's error for a node that has not answered a request.
    fileprivate init(_ error: AskError, of node: NodeAddress) {
        switch error.code {
        case .timedOut: self.init(.timedOut, "\(node) has not answered")
        case .cancelled: self.init(.connectionLost, "\(node) has not answered before")
        // The queue to the node was full: the request was never sent.
        case .mailboxFull: self.init(.overloaded, error.description)
        case .noSuchActor: self.init(.refused, "\(node) serves no clients")
        case .unreachable, .nodeRemoved, .shutdown: self.init(.connectionLost, error.description)
        case .failed, .notEncodable, .notDecodable, .tooLarge, .notHosted, .noHome:
            self.init(.failed, error.description)
        }
    }
}

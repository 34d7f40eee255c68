package import CastyActors
package import CastyCore
import CastyRemoting
import CastySerialization
import Synchronization

/// Sends messages to entities through any of several nodes, without being a member.
///
/// It is never a member, never counted, never monitored, and no node dials it. It uses the nodes that answer in turn,
/// and continues with the others if one crashes. It never resends a request whose outcome is unknown.
package final class EntityClient: Sendable {
    /// The reply to a request.
    package struct Reply: Sendable, Hashable {
        package let text: String
        /// The node that forwarded the request.
        package let node: UniqueAddress
    }

    package typealias Completion = @Sendable (Result<Reply, ClientError>) -> Void

    private struct State: Sendable {
        var nodes: ClientNodes
        var sequence: UInt64 = 0
        var open: [UInt64: OpenRequest] = [:]
        var isEnding = false
    }

    private struct OpenRequest: Sendable {
        let node: NodeAddress
        var giveUp: (@Sendable () -> Void)?
    }

    private let client: RemotingClient
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
    ///   - nodes: Some of its nodes, at least one.
    ///   - isProtected: Whether the transport of the world protects connections, and nodes must prove that they are some.
    package init(world: NodeWorld, cluster: String, nodes: [NodeAddress], isProtected: Bool = false) throws {
        precondition(!nodes.isEmpty, "a client needs at least one node")
        var settings = RemotingSettings()
        settings.reconnectMaximum = .milliseconds(500)
        settings.reconnectAttempts = 1
        settings.demandsAuthentication = isProtected
        client = try RemotingClient("client", world: world, cluster: cluster, settings: settings) { registry in
            try ClientProtocol.register(in: registry)
        }
        state = Mutex(State(nodes: ClientNodes(nodes)))
        client.remoting.hooks = RemotingHooks(
            connectFailed: { [weak self] node, error in self?.lost(node, error.message) },
            connectionLost: { [weak self] peer in self?.lost(peer.address, "the connection was lost") })
    }

    package var system: ActorSystem { client.system }

    /// Starts to look for nodes.
    package func start() {
        client.start()
        look()
    }

    /// Ends all connections; open requests fail.
    package func stop(completion: @escaping @Sendable () -> Void) {
        let open = state.withLock { state -> [OpenRequest] in
            state.isEnding = true
            return state.open.sorted { $0.key < $1.key }.map(\.value)
        }
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
        let milliseconds = max(1, timeout.nanoseconds / 1_000_000)
        send(.ask(entity: entity, text: text, milliseconds: milliseconds), within: timeout, completion)
    }

    /// Sends a command to an entity, once; calls back when a node has accepted it.
    package func tell(
        _ entity: String, _ text: String, within timeout: Duration, completion: @escaping Completion
    ) {
        send(.tell(entity: entity, text: text), within: timeout, completion)
    }

    /// Sends an operator's verb to the next node that is connected, once.
    package func operate(
        _ verb: OperatorVerb, within timeout: Duration, completion: @escaping Completion
    ) {
        send(.operate(verb), within: timeout, completion)
    }

    private func send(_ content: ClientRequest.Content, within timeout: Duration, _ completion: @escaping Completion) {
        let node = state.withLock { $0.isEnding ? nil : $0.nodes.next() }
        guard let node else {
            let reasons = reasons
            return completion(
                .failure(
                    ClientError(.noNode, reasons.isEmpty ? "not connected yet" : reasons.joined(separator: "; "))))
        }
        send(content, to: node, within: timeout) { [self] result in
            switch result {
            case .success(.reply(let text), let peer): completion(.success(Reply(text: text, node: peer)))
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
        case .failure(let error):
            switch error.code {
            case .timedOut: return .failure(ClientError(.timedOut, "\(node) has not answered"))
            case .cancelled: return .failure(ClientError(.connectionLost, "\(node) has not answered before"))
            // The queue to the node was full: the request was never sent.
            case .mailboxFull: return .failure(ClientError(.overloaded, error.description))
            case .noSuchActor, .unreachable, .failed, .notEncodable, .notDecodable, .tooLarge, .nodeRemoved, .notHosted,
                .noHome, .shutdown:
                return .failure(ClientError(.failed, error.description))
            }
        }
    }

    /// Sends a hello periodically to the nodes that are not open.
    private func look() {
        let now = system.now
        let due = state.withLock { state in state.isEnding ? nil : state.nodes.due(at: now) }
        guard let due else { return }
        for node in due {
            send(.hello, to: node, within: ClientNodes.patience) { [self] answer in
                let now = system.now
                switch answer {
                case .success(.welcome, _): state.withLock { $0.nodes.welcomed(by: node) }
                case .success(.failed(let error), _): state.withLock { $0.nodes.lost(node, error.message, at: now) }
                // ``lost(_:_:)`` records the reason, or the next check finds that no answer came.
                case .success(.reply, _), .success(.sent, _), .success(.done, _): break
                case .failure(let error):
                    // The node has refused to take it.
                    if error.code == .failed { state.withLock { $0.nodes.lost(node, error.message, at: now) } }
                }
            }
        }
        _ = system.world.scheduler.schedule(after: Self.tick) { [weak self] in self?.look() }
    }

    /// The connection with a node was lost or refused: requests that wait for its answer have an unknown outcome.
    private func lost(_ node: NodeAddress, _ reason: String) {
        let now = system.now
        let open = state.withLock { state -> [OpenRequest] in
            state.nodes.lost(node, reason, at: now)
            return state.open.filter { $0.value.node == node }.sorted { $0.key < $1.key }.map(\.value)
        }
        for request in open { request.giveUp?() }
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyRemoting
import CastySerialization
import Synchronization

/// Forwards the requests of clients to entities, and answers them.
package enum ClientService {
    /// Lets clients send messages to the entities that this node reaches.
    ///
    /// - Throws: ``ShardingError`` where this was called before, or the node is stopping.
    package static func start(on sharding: Sharding) throws(ShardingError) {
        try ShardingError.translating("clients") {
            let system = sharding.cluster.system
            try ClientProtocol.register(in: system.registry)
            let server = ClientServer(sharding)
            let actor = try system.spawnSystem(
                Behavior<ClientRequest>.receive { _, request in
                    server.take(request)
                    return .same
                }, name: ClientProtocol.actorName, mailbox: .bounded(ClientProtocol.mostPending))
            system.publish(actor, as: ClientProtocol.path)
        }
    }
}

/// One node's side of the protocol.
private final class ClientServer: Sendable {
    // Weak, because the sharding's system retains this one.
    private weak let sharding: Sharding?
    private let entities: TextEntities
    private let system: ActorSystem
    /// Whether only clients that have proven to be allowed to connect.
    private let demandsAuthentication: Bool
    /// Where this node listens, which may be another address than the one that others use.
    private let listening: NodeAddress
    /// The number of requests that wait for an entity.
    private let pending = Atomic<Int>(0)

    init(_ sharding: Sharding) {
        self.sharding = sharding
        entities = sharding.textEntities
        system = sharding.cluster.system
        listening = sharding.cluster.remoting?.settings.listen ?? sharding.cluster.system.address
        demandsAuthentication = sharding.cluster.remoting?.settings.demandsAuthentication ?? false
    }

    func take(_ request: ClientRequest) {
        if let error = refusal(of: request.content) { return answer(request, .failed(error)) }
        switch request.content {
        case .hello: answer(request, .welcome(types: entities.names))
        case .tell(let entity, let text):
            do {
                try entities.access(to: entity)?.tell(entity, text)
                answer(request, .sent)
            } catch {
                answer(request, .failed(Self.noCommand(error)))
            }
        case .message(let message): take(message, of: request)
        case .operate(let verb):
            pending.add(1, ordering: .relaxed)
            sharding?.perform(verb) { [self] result in
                pending.subtract(1, ordering: .relaxed)
                switch result {
                case .success(let moves): answer(request, .done(moves: moves))
                case .failure(let error): answer(request, .failed(ClientError(error)))
                }
            }
        case .ask(let entity, let text, let milliseconds):
            pending.add(1, ordering: .relaxed)
            do {
                try entities.access(to: entity)?.ask(entity, text, ClientProtocol.timeout(milliseconds)) {
                    [self] result in
                    pending.subtract(1, ordering: .relaxed)
                    answer(request, Self.content(of: result))
                }
            } catch {
                pending.subtract(1, ordering: .relaxed)
                answer(request, .failed(Self.noCommand(error)))
            }
        }
    }

    private static func content(of result: Result<String, AskError>) -> ClientResponse.Content {
        switch result {
        case .success(let reply) where reply.utf8.count <= ClientProtocol.longestText: .reply(reply)
        case .success(let reply):
            .failed(ClientError(.failed, "the reply has \(reply.utf8.count) bytes, too many for a client"))
        case .failure(let error): .failed(ClientError(error))
        }
    }

    private static func noCommand(_ error: any Error) -> ClientError {
        ClientError(.badRequest, String("\(error)".prefix(500)))
    }

    /// Sends an entity a message of its own type.
    private func take(_ message: ClientMessage, of request: ClientRequest) {
        pending.add(1, ordering: .relaxed)
        let once = Once()
        let answer: @Sendable (ClientResponse.Content) -> Void = { [self] content in
            guard once.isFirst else { return }
            pending.subtract(1, ordering: .relaxed)
            self.answer(request, content)
        }
        let known = sharding?.take(message, from: request.replyTo.address.node, answer: answer) ?? false
        guard !known else { return }
        let types = sharding?.types.joined(separator: ", ") ?? ""
        answer(
            .failed(
                ClientError(
                    .unknownType,
                    "\(system.address) neither hosts nor uses the type \(message.type.prefix(100)); it knows "
                        + (types.isEmpty ? "none" : types))))
    }

    /// Why a request is refused; `nil` if it is not.
    private func refusal(of content: ClientRequest.Content) -> ClientError? {
        guard listening.isLoopback && system.address.isLoopback || demandsAuthentication else {
            return ClientError(
                .notAllowed, "\(system.address) serves no clients: it has no certificates and no secret to tell them by"
            )
        }
        let entity: String
        let text: String
        switch content {
        case .hello: return nil
        case .operate: return overload
        case .message(let message):
            guard RegionHost.isID(message.entity) else { return Self.badID }
            return overload
        case .ask(let asked, let command, _): (entity, text) = (asked, command)
        case .tell(let addressee, let command): (entity, text) = (addressee, command)
        }
        guard RegionHost.isID(entity) else { return Self.badID }
        guard text.utf8.count <= ClientProtocol.longestText else {
            return ClientError(.badRequest, "a command has at most \(ClientProtocol.longestText) bytes")
        }
        guard entities.access(to: entity) != nil else {
            let known = entities.names.joined(separator: ", ")
            return ClientError(
                .unknownType,
                "\(system.address) knows no type of \(entity); an id is TYPE-REST, and types are: \(known)")
        }
        return overload
    }

    private static var badID: ClientError {
        ClientError(.badRequest, "an id has at most \(RegionHost.longestID) bytes")
    }

    private var overload: ClientError? {
        pending.load(ordering: .relaxed) < ClientProtocol.mostPending
            ? nil : ClientError(.overloaded, "\(ClientProtocol.mostPending) requests wait on \(system.address)")
    }

    private func answer(_ request: ClientRequest, _ content: ClientResponse.Content) {
        request.replyTo.tell(
            ClientResponse(
                client: request.client, sequence: request.sequence, node: system.unique, content: content))
    }
}

/// Lets the first of several outcomes through.
private final class Once: Sendable {
    private let isOver = Atomic<Bool>(false)

    var isFirst: Bool { !isOver.exchange(true, ordering: .relaxed) }
}

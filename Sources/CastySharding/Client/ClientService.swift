import CastyActors
import CastyCluster
import CastyCore
import CastyRemoting
import CastySerialization
import Synchronization

/// Forwards the requests of clients to entities, and answers them.
package enum ClientService {
    /// Lets clients send messages to the entities that this node reaches.
    package static func start(on sharding: Sharding) throws {
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
            entities.access(to: entity)?.tell(entity, text)
            answer(request, .sent)
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
            // The number comes from a peer; the bounds keep the arithmetic safe.
            let timeout = Duration.milliseconds(min(max(milliseconds, 1), 600_000))
            entities.access(to: entity)?.ask(entity, text, timeout) { [self] result in
                pending.subtract(1, ordering: .relaxed)
                switch result {
                case .success(let reply) where reply.utf8.count <= ClientProtocol.longestText:
                    answer(request, .reply(reply))
                case .success(let reply):
                    answer(
                        request,
                        .failed(ClientError(.failed, "the reply has \(reply.utf8.count) bytes, too many for a client")))
                case .failure(let error): answer(request, .failed(ClientError(error)))
                }
            }
        }
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
        case .ask(let asked, let command, _): (entity, text) = (asked, command)
        case .tell(let addressee, let command): (entity, text) = (addressee, command)
        }
        guard RegionHost.isID(entity) else {
            return ClientError(.badRequest, "an id has at most \(RegionHost.longestID) bytes")
        }
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

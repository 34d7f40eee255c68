import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// Answers sharding messages from other nodes about types that do not run on this node, so that no node waits for it.
enum UnhostedTypeResponder {
    static let actorName = "sharding"

    static var behavior: Behavior<RegionCommand> {
        .receive { context, command in
            guard case .wire(let envelope) = command else { return .unhandled }
            let head = envelope.head
            guard head.to == context.system.unique else { return .same }
            var answer: ShardingMessage<ErasedMessage>?
            switch envelope.message {
            case .order(_, .notHosted), .request(.notHosted), .request(.departed), .request(.epochSeen): break
            case .order: answer = .request(.notHosted)
            case .request: answer = .order(.none, .notHosted)
            case .peer(.deliver(let delivery)): answer = .peer(.notHome(delivery, known: nil))
            case .peer(.streamEnd(let shard, let token, _)):
                answer = .peer(.streamClosed(shard: shard, token: token))
            case .peer(.notHome(let delivery, _)):
                context.system.inspector.lose(
                    .notHosted, .user, target: delivery.entity, type: head.payloads.type, shard: delivery.shard,
                    entity: delivery.entity)
            case .peer(.streamClosed), .peer(.transferred), .peer(.passivate): break
            }
            if let answer { send(answer, head, context.system) }
            return .same
        }
    }

    private static func send(
        _ message: ShardingMessage<ErasedMessage>, _ head: EnvelopeHead, _ system: ActorSystem
    ) {
        let paths = RegionHost.paths(head.payloads.type)
        let path: [String] =
            switch message {
            case .request, .order: paths.control ?? paths.data
            case .peer: paths.data
            }
        let region: ActorRef<RegionCommand> = system.reference(on: head.from.address, path: path)
        let back = EnvelopeHead(from: system.unique, to: head.from, payloads: head.payloads)
        region.tell(.wire(ShardingEnvelope(head: back, message: message)))
    }
}

import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement

/// What takes the messages for a region, from callers on this node and from other nodes, on the thread that brings them.
///
/// Messages for entities whose route is open pass the region's actor by. All others, and all that concerns the region
/// itself, go to the actor.
final class RegionEntry: Route {
    private let host: RegionHost
    private let actor: ActorRef<RegionCommand>

    private init(_ host: RegionHost, _ actor: ActorRef<RegionCommand>) {
        self.host = host
        self.actor = actor
    }

    /// The reference through which a region is reached.
    static func reference(_ host: RegionHost, _ actor: ActorRef<RegionCommand>) -> ActorRef<RegionCommand> {
        ActorRef(
            RouteCell(
                system: actor.target.system, route: RegionEntry(host, actor), uid: actor.target.uid,
                traffic: actor.target.traffic))
    }

    var address: ActorAddress { actor.address }

    var isOver: Bool { actor.target.isOver }

    func post(_ signal: SystemMessage) { actor.target.post(signal) }

    func deliver(_ command: RegionCommand) -> Delivery {
        switch command {
        case .route(let entity, let message): send(message, to: entity, asks: nil)
        case .ask(let entity, let message, let patience): send(message, to: entity, asks: patience)
        case .wire(let envelope):
            if case .peer(.deliver(let delivery)) = envelope.message {
                arrive(delivery, envelope)
            } else {
                actor.target.offer(command)
            }
        case .missed, .arrived, .shell, .ended, .passivate, .passivateByName, .wake, .passivation, .host, .command,
            .remembered, .stored, .storeFailed:
            actor.target.offer(command)
        }
    }

    // MARK: Callers on this node

    private func send(_ message: ErasedMessage, to id: String, asks: AskPatience?) -> Delivery {
        guard RegionHost.isID(id) else {
            host.refuse(message, entity: id)
            return .accounted
        }
        let (entity, shard) = host.settings.canonical(of: id)
        guard let slot = host.routes[shard] else { return .refused(.undecodable) }
        let miss: Miss
        switch slot.way(to: entity, at: now, firstUse: { host.routes.note(used: shard) }) {
        case .entity(let local, let cell):
            switch put(message, local, cell, in: slot) {
            case .done(let delivery): return delivery
            case .missed(let refused): miss = refused
            }
        case .remote(let remote):
            if remote.send(message, to: entity, asks: asks, host.payloads, from: slot) {
                host.tracing?.forwarded(message, .delivery, remote.node)
                return .accepted
            }
            miss = slot.miss()
        case .miss(let missed): miss = missed
        }
        return actor.target.offer(.missed(entity: entity, message, asks, miss))
    }

    private var now: Instant { actor.target.system.now }

    // MARK: Other nodes

    private func arrive(_ delivery: ShardDelivery<ErasedMessage>, _ envelope: ShardingEnvelope) -> Delivery {
        let head = envelope.head
        let (entity, shard) = host.settings.canonical(of: delivery.entity)
        guard let slot = host.routes[delivery.shard] else { return actor.target.offer(.wire(envelope)) }
        // What else is to be known of a delivery, the region decides.
        guard shard == delivery.shard, delivery.sequence > 0, head.payloads === host.payloads,
            head.to == actor.target.system.unique, host.routes.isMember(head)
        else { return actor.target.offer(.arrived(envelope, slot.miss())) }
        switch slot.way(
            to: entity, arriving: delivery.version, at: now, firstUse: { host.routes.note(used: shard) })
        {
        case .entity(let local, let cell):
            host.tracing?.arrived(delivery.payload)
            switch put(delivery.payload, local, cell, in: slot) {
            case .done(let delivery): return delivery
            case .missed(let miss): return actor.target.offer(.arrived(envelope, miss))
            }
        case .miss(let miss): return actor.target.offer(.arrived(envelope, miss))
        // Only callers on this node send to others.
        case .remote: return actor.target.offer(.arrived(envelope, slot.miss()))
        }
    }

    // MARK: Entities of this node

    private enum Put {
        case done(Delivery)
        case missed(Miss)
    }

    /// Puts a message into the mailbox of an entity.
    private func put(
        _ message: ErasedMessage, _ local: LocalEntity, _ cell: AnyActorCell, in slot: ShardSlot
    ) -> Put {
        // An incarnation exists only where the type is hosted.
        guard let kind = host.kind else { return .missed(slot.refused(by: local)) }
        switch kind.offer(message, cell) {
        case .accepted, .acceptedIdle: return .done(.accepted)
        case .accounted: return .done(.accounted)
        case .refused(let reason):
            guard reason.concernsMessage else { return .missed(slot.refused(by: local)) }
            host.lose(reason, message, entity: local.name, shard: slot.shard)
            return .done(.accounted)
        }
    }
}

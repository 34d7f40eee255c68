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
        case .messagesWait, .shell, .ended, .passivate, .passivateByName, .wake, .passivation, .host, .command,
            .remembered, .stored, .storeFailed:
            actor.target.offer(command)
        }
    }

    private var now: Instant { actor.target.system.now }

    private func callActor(for shard: Int) -> Delivery { actor.target.offer(.messagesWait(shard: shard)) }

    // MARK: Callers on this node

    private func send(_ message: ErasedMessage, to id: String, asks: AskPatience?) -> Delivery {
        guard RegionHost.isID(id) else {
            host.refuse(message, entity: id)
            return .accounted
        }
        let (entity, shard) = host.settings.canonical(of: id)
        guard let slot = host.routes[shard] else { return .refused(.undecodable) }
        guard host.opensRoutes else { return toActor(message, entity, asks) }
        var refusing: LocalEntity?
        switch slot.way(to: entity, at: now, firstUse: { host.routes.note(used: shard) }) {
        case .entity(let local, let cell):
            if let delivery = put(message, local, cell, shard) { return delivery }
            refusing = local
        case .remote(let remote):
            let outcome = remote.send(
                message, to: entity, asks: asks, host.payloads, from: slot, callActor: { callActor(for: shard) })
            switch outcome {
            case .sent:
                host.tracing?.forwarded(message, .delivery, remote.node)
                return .accepted
            case .waits: return .accepted
            case .closed: break
            }
        case .closed: break
        }
        let waits = slot.wait(message, for: entity, refusedBy: refusing, .caller(asks)) { callActor(for: shard) }
        return waits ? .accepted : toActor(message, entity, asks)
    }

    private func toActor(_ message: ErasedMessage, _ entity: String, _ asks: AskPatience?) -> Delivery {
        guard let asks else { return actor.target.offer(.route(entity: entity, message)) }
        return actor.target.offer(.ask(entity: entity, message, asks))
    }

    // MARK: Other nodes

    private func arrive(_ delivery: ShardDelivery<ErasedMessage>, _ envelope: ShardingEnvelope) -> Delivery {
        let head = envelope.head
        let (entity, shard) = host.settings.canonical(of: delivery.entity)
        // What is wrong with a delivery, the region decides.
        guard shard == delivery.shard, let slot = host.routes[shard], head.payloads === host.payloads,
            head.to == actor.target.system.unique, host.opensRoutes
        else { return actor.target.offer(.wire(envelope)) }
        var refusing: LocalEntity?
        if delivery.sequence > 0, host.routes.isMember(head) {
            switch slot.way(
                to: entity, arriving: delivery.version, at: now, firstUse: { host.routes.note(used: shard) })
            {
            case .entity(let local, let cell):
                host.tracing?.arrived(delivery.payload)
                if let outcome = put(delivery.payload, local, cell, shard) { return outcome }
                refusing = local
            // Only callers on this node send to others.
            case .remote, .closed: break
            }
        }
        let waits = slot.wait(delivery.payload, for: entity, refusedBy: refusing, .node(delivery, head)) {
            callActor(for: shard)
        }
        return waits ? .accepted : actor.target.offer(.wire(envelope))
    }

    // MARK: Entities of this node

    /// Puts a message into the mailbox of an entity.
    ///
    /// - Returns: `nil` where the entity stops and does not take it.
    private func put(_ message: ErasedMessage, _ local: LocalEntity, _ cell: AnyActorCell, _ shard: Int) -> Delivery? {
        // An incarnation exists only where the type is hosted.
        guard let kind = host.kind else { return nil }
        switch kind.offer(message, cell) {
        case .accepted, .acceptedIdle: return .accepted
        case .accounted: return .accounted
        case .refused(let reason):
            guard reason.concernsMessage else { return nil }
            host.lose(reason, message, entity: local.name, shard: shard)
            return .accounted
        }
    }
}

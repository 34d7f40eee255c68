import CastyActors
import CastyCore
import CastyObservability
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore

/// What takes the messages for a region, from callers on this node and from other nodes, on the thread that brings them.
///
/// Messages for entities whose route is open pass the region's actor by. All others, and all that concerns the region
/// itself, go to the actor.
final class RegionEntry: Route {
    private let host: RegionHost
    private let actor: ActorRef<RegionCommand>
    private let codecs: PayloadCodecs
    private let sharder: Sharder

    private init(_ host: RegionHost, _ actor: ActorRef<RegionCommand>, _ codecs: PayloadCodecs) {
        self.host = host
        self.actor = actor
        self.codecs = codecs
        sharder = host.settings.sharder
    }

    /// Makes the entry of a region, and the reference through which the region is reached.
    static func make(
        _ host: RegionHost, _ actor: ActorRef<RegionCommand>, _ codecs: PayloadCodecs
    ) -> (RegionEntry, ActorRef<RegionCommand>) {
        let entry = RegionEntry(host, actor, codecs)
        let cell = RouteCell(
            system: actor.target.system, route: entry, uid: actor.target.uid, traffic: actor.target.traffic)
        return (entry, ActorRef(cell))
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
                arrive(delivery, envelope.head)
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

    /// Sends a message to an entity, or records it in the loss ledger.
    ///
    /// - Parameter reference: The reference to this entry.
    func tell(_ message: ErasedMessage, to id: String, through reference: ActorRef<RegionCommand>) {
        let outcome = send(message, to: id, asks: nil)
        guard case .refused = outcome else { return }
        let command = RegionCommand.route(entity: id, message)
        reference.target.system.lose(command, to: reference.target, because: outcome)
    }

    private func send(_ message: ErasedMessage, to id: String, asks: AskPatience?) -> Delivery {
        guard RegionHost.isID(id) else {
            host.refuse(message, entity: id)
            return .accounted
        }
        let (entity, shard) = sharder.canonical(of: id)
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
        guard let (waiting, isCopy) = formOfWaiting(message, entity) else {
            host.lose(.undecodable, message, entity: entity, shard: shard)
            return .accounted
        }
        let waits = slot.wait(waiting, for: entity, refusedBy: refusing, .caller(asks), isCopy: isCopy) {
            callActor(for: shard)
        }
        return waits ? .accepted : toActor(message, entity, asks)
    }

    /// What waits for the region's actor in place of a message; `nil` where it cannot be encoded.
    ///
    /// Where local messages are encoded and decoded too, its caller does so: a message must be ready to pass when the
    /// actor opens the route, or those that follow would have to wait for as long as the callers are faster.
    private func formOfWaiting(_ message: ErasedMessage, _ entity: String) -> (ErasedMessage, isCopy: Bool)? {
        let system = actor.target.system
        guard system.encodesLocalMessages, let kind = host.kind else { return (message, false) }
        return kind.copy(message, system, "entity \(entity)").map { ($0, true) }
    }

    private func toActor(_ message: ErasedMessage, _ entity: String, _ asks: AskPatience?) -> Delivery {
        guard let asks else { return actor.target.offer(.route(entity: entity, message)) }
        return actor.target.offer(.ask(entity: entity, message, asks))
    }

    // MARK: Other nodes

    private func arrive(_ delivery: ShardDelivery<ErasedMessage>, _ head: EnvelopeHead) -> Delivery {
        let (entity, shard) = sharder.canonical(of: delivery.entity)
        // What is wrong with a delivery, the region decides.
        guard shard == delivery.shard, let slot = host.routes[shard], head.payloads === host.payloads,
            head.to == actor.target.system.unique, host.opensRoutes
        else { return toActor(delivery, head) }
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
        let waits = slot.wait(delivery.payload, for: entity, refusedBy: refusing, .node(delivery, head), isCopy: true) {
            callActor(for: shard)
        }
        return waits ? .accepted : toActor(delivery, head)
    }

    private func toActor(_ delivery: ShardDelivery<ErasedMessage>, _ head: EnvelopeHead) -> Delivery {
        actor.target.offer(.wire(ShardingEnvelope(head: head, message: .peer(.deliver(delivery)))))
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

// MARK: Encoded deliveries

extension RegionEntry: EncodedReceiver {
    func makeReader() -> (any EncodedReader)? {
        // Who traces deliveries sees each of them.
        guard host.tracing == nil, host.opensRoutes else { return nil }
        return host.payloads.makeBatch.map { DeliveryReader(self, $0()) }
    }

    /// Reads whom a delivery is for.
    ///
    /// - Throws: Where it is no delivery, or none for an entity that this region can know.
    func addressee(from payload: inout ByteBuffer, _ context: CodingContext) throws -> DeliveryReader.Addressee {
        let head = try codecs.head(from: &payload)
        try context.require(sender: head.from)
        guard head.payloads === host.payloads, head.to == actor.target.system.unique, try payload.readByte() == 3,
            try payload.readByte() == 1
        else { throw WireError(.malformed, "no delivery") }
        let (number, id, version) = try RegionCommand.addressee(from: &payload)
        let (entity, shard) = sharder.canonical(of: id)
        guard shard == number, let slot = host.routes[shard] else { throw WireError(.malformed, "no such shard") }
        return DeliveryReader.Addressee(head: head, entity: entity, slot: slot, version: version)
    }

    /// Delivers what was read for one entity.
    func arrive(_ batch: DeliveryBatch, for addressee: DeliveryReader.Addressee) {
        let (slot, count) = (addressee.slot, UInt64(batch.count))
        if host.isHosting, batch.marks.allSatisfy({ $0.sequence > 0 }), host.routes.isMember(addressee.head),
            case .entity(let local, let cell) = slot.way(
                to: addressee.entity, arriving: addressee.version, count: count, at: now,
                firstUse: { host.routes.note(used: slot.shard) })
        {
            if batch.move(into: cell) { return }
            // It stops, or takes only some of them.
            slot.takeBack(count, of: local)
        }
        for (marks, message) in batch.takeAll() {
            let delivery = ShardDelivery(
                shard: slot.shard, entity: addressee.entity, version: addressee.version, sequence: marks.sequence,
                isRetry: marks.isRetry, asks: marks.asks, payload: message)
            let outcome = arrive(delivery, addressee.head)
            guard case .refused = outcome else { continue }
            let envelope = ShardingEnvelope(head: addressee.head, message: .peer(.deliver(delivery)))
            actor.target.system.lose(RegionCommand.wire(envelope), to: actor.target, because: outcome)
        }
    }
}

import CastyActors
import CastyCluster
import CastyInspection
import CastyPlacement
import CastyPrimitives
import Logging

extension RegionShell {
    mutating func perform(_ effects: [CoordinatorEffect], _ context: ActorContext<RegionCommand<Message>>) {
        for effect in effects {
            switch effect {
            case .send(let to, let epoch, let order): send(.order(epoch, order), to: to, context)
            case .note(let note): tell(note)
            }
        }
    }

    mutating func perform(_ effects: [RegionEffect<Message>], _ context: ActorContext<RegionCommand<Message>>) {
        for effect in effects {
            switch effect {
            case .send(let to, let message): send(message, to: to, context)
            case .start(let instance): start(instance, context)
            case .deliver(let payload, let instance): deliver(payload, to: instance)
            case .stop(let instance, let mode):
                switch mode {
                case .afterMailbox: entities[instance]?.stopAfterMailbox()
                case .now: entities[instance]?.post(.stop)
                }
            case .lost(let payload, let entity, let shard, let reason):
                host.lose(
                    CastyInspection.LossReason(reason), payload, entity: entity, shard: shard,
                    causes: causes.about(shard))
            case .store(let request): host.remember(request, tell: context.`self`)
            case .left:
                hasLeft = true
                let done = whenLeft
                whenLeft = []
                for action in done { action() }
            case .note(let note): tell(note)
            }
        }
    }

    private mutating func send(
        _ message: ShardingMessage<Message>, to node: UniqueAddress, _ context: ActorContext<RegionCommand<Message>>
    ) {
        guard node != context.system.unique else { return loopback.append(message) }
        let peer = peer(node.address, context.system)
        let command = RegionCommand.wire(
            ShardingEnvelope(from: context.system.unique, to: node, message: message))
        switch message {
        case .request, .order: peer.control.tell(command)
        // Deliveries and the markers that close their stream share one lane, so that none overtakes another.
        case .peer(let message):
            guard let delivery = message.delivery else { return peer.data.tell(command) }
            host.tracing?.forwarded(delivery.payload, message.hop, node)
            let outcome = peer.data.target.offer(command)
            if let reason = CastyInspection.LossReason(outcome) {
                host.lose(reason, delivery.payload, entity: delivery.entity, shard: delivery.shard)
            }
        }
    }

    mutating func peer(_ node: NodeAddress, _ system: ActorSystem) -> RegionPeer<Message> {
        if let known = peers[node] { return known }
        func reference(_ path: [String]) -> ActorRef<RegionCommand<Message>> {
            system.reference(to: ActorAddress(system: system.name, node: node, path: path, uid: 0))
        }
        let peer = RegionPeer(
            control: reference(RegionHost<Message>.controlPath(host.type)),
            data: reference(RegionHost<Message>.dataPath(host.type)))
        peers[node] = peer
        return peer
    }

    private mutating func start(_ instance: EntityInstance, _ context: ActorContext<RegionCommand<Message>>) {
        let me = context.`self`
        let entity = host.context(for: instance) { me.tell(.passivate(instance)) }
        let (cluster, scheduler) = (host.cluster, context.system.world.scheduler)
        let hooks = CellHooks<Message>(
            mayRun: {
                if scheduler.now < cluster.leaseValidUntil { return true }
                me.tell(.leaseLapsed)
                return false
            },
            onEnd: { failed, unhandled in
                me.tell(.ended(EntityEnd(instance, failed: failed, unhandled: unhandled)))
            })
        do {
            let ref = try context.spawn(
                host.behavior(entity), name: "\(instance.number)-\(instance.entity)", hooks: hooks, traffic: .user)
            entities[instance] = ref.target
        } catch {
            context.log.error("entity \(instance.entity) could not start: \(error)")
            me.tell(.ended(EntityEnd(instance, failed: true)))
        }
    }

    private mutating func deliver(_ payload: Message, to instance: EntityInstance) {
        guard let target = entities[instance] else {
            return host.lose(.noSuchActor, payload, entity: instance.entity, shard: instance.shard)
        }
        switch target.offer(payload) {
        case .accepted, .acceptedIdle, .accounted: break
        case .noSuchActor, .wrongIncarnation, .mailboxFull, .unreachable, .bufferFull, .undecodable, .lateReply:
            // It has ended, but its end is still on the way here: what comes meanwhile goes on with what it left.
            late[instance, default: []].append(payload)
        }
    }
}

/// The two ways to the sharding actor of another node: beside and among users' messages.
struct RegionPeer<Message: Sendable>: Sendable {
    let control: ActorRef<RegionCommand<Message>>
    let data: ActorRef<RegionCommand<Message>>
}

extension CastyInspection.LossReason {
    /// The ledger's word for why a region dropped a message.
    init(_ reason: CastyPlacement.LossReason) {
        switch reason {
        case .bufferFull: self = .bufferFull
        case .wrongHome, .late: self = .unreachable
        case .handoff, .fenced: self = .handoff
        case .shutdown: self = .shutdown
        case .failed: self = .entityFailed
        case .store: self = .storeFailed
        }
    }
}

extension PeerMessage {
    /// Why the user's message in it travels.
    fileprivate var hop: ShardHop {
        switch self {
        case .deliver(let delivery): delivery.sequence == 0 && !delivery.isRetry ? .leftover : .delivery
        case .notHome: .returned
        case .streamEnd, .streamClosed, .transferred: .delivery
        }
    }

    /// The user's message that this one carries, if it does.
    var delivery: ShardDelivery<Payload>? {
        switch self {
        case .deliver(let delivery), .notHome(let delivery, _): delivery
        case .streamEnd, .streamClosed, .transferred: nil
        }
    }
}

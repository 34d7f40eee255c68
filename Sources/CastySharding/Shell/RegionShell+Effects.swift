import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Logging

extension RegionShell {
    mutating func perform(_ effects: [CoordinatorEffect], _ context: ActorContext<RegionCommand>) {
        for effect in effects {
            switch effect {
            case .send(let to, let epoch, let order): send(.order(epoch, order), to: to, context)
            // The watch reports that there is no such actor, or that it ended, even from a node that never started
            // sharding.
            case .probe(let node): context.watch(state.peers.peer(node, from: context.system).control)
            case .note(let note): tell(note)
            }
        }
    }

    mutating func perform(_ effects: [RegionEffect<ErasedMessage>], _ context: ActorContext<RegionCommand>) {
        // Before any effect: a marker among them MUST NOT be overtaken.
        closeRoutes()
        for effect in effects {
            switch effect {
            case .send(let to, let message): send(message, to: to, context)
            case .start(let instance): start(instance, context)
            case .deliver(let payload, let instance): deliver(payload, to: instance)
            case .stop(let instance, let mode):
                forgetCell(of: instance)
                state.running.stop(instance.number, mode)
            case .pause: host.gate.close()
            case .resume(let shard, let instances):
                pass(of: shard).renew()
                for instance in instances { state.running.resume(instance.number) }
            case .lost(let payload, let entity, let shard, let reason):
                host.lose(reason, payload, entity: entity, shard: shard, causes: causes.about(shard))
            case .refused(let payload, let entity, let shard, let cause):
                host.fail(payload, entity: entity, shard: shard, cause, causes: causes.about(shard))
            case .cameBack(let payload): Questions.cameBack(in: payload)
            case .store(let request): host.remember(request, tell: context.`self`)
            case .left: state.departure.finish()
            case .note(let note): tell(note)
            }
        }
    }

    mutating func send(
        _ message: ShardingMessage<ErasedMessage>, to node: UniqueAddress, _ context: ActorContext<RegionCommand>
    ) {
        guard node != context.system.unique else { return loopback.append(message) }
        let peer = state.peers.peer(node, from: context.system)
        let command = RegionCommand.wire(ShardingEnvelope(head: peer.head, message: message))
        switch message {
        case .request, .order: peer.control.tell(command)
        // Deliveries and the markers that close their stream share one lane, so that none overtakes another.
        case .peer(let message):
            guard let delivery = message.delivery else { return peer.data.tell(command) }
            host.tracing?.forwarded(delivery.payload, message.hop, node)
            let outcome = context.system.carrying(delivery.payload) { peer.data.target.offer(command) }
            if case .refused(let reason) = outcome {
                host.lose(reason, delivery.payload, entity: delivery.entity, shard: delivery.shard)
            }
        }
    }

    /// The pass of a shard's entities. A new pass is valid from now on: entities start only in shards that are not
    /// paused.
    private mutating func pass(of shard: Int) -> ShardPass {
        if let known = passes[shard] { return known }
        let made = ShardPass(host.gate)
        passes[shard] = made
        return made
    }

    private mutating func start(_ instance: EntityInstance, _ context: ActorContext<RegionCommand>) {
        let me = context.`self`
        let isLeaseValid = leaseCheck(pass(of: instance.shard), context)
        let always: @Sendable () -> Bool = { true }
        let needsLease = !host.settings.mutations.contains(.skipsLease)
        let checksWrites = needsLease && !host.settings.mutations.contains(.savesStale)
        let entity = host.context(
            for: instance, mayWrite: checksWrites ? isLeaseValid : always,
            passivate: { me.tell(.passivate(instance)) })
        let hooks = CellHooks<ErasedMessage>(
            mayRun: needsLease ? isLeaseValid : always,
            onEnd: { failure, unhandled in
                me.tell(
                    .ended(
                        EntityEnd(instance, failed: failure != nil, unhandled: unhandled),
                        failure: failure.map { "\($0)" }))
            })
        do {
            let name = "\(instance.number)-\(instance.entity)"
            guard let kind = host.kind else { throw ShardingError(.notHosted, "\(host.type) is not hosted here") }
            let cell = try kind.start(context, entity, name, hooks)
            state.running.add(instance.number, cell)
            if host.opensRoutes { startedCells.append((instance, cell)) }
        } catch {
            context.log.error("entity \(instance.entity) could not start: \(error)")
            me.tell(.ended(EntityEnd(instance, failed: true), failure: "\(error)"))
        }
    }

    private mutating func deliver(_ payload: ErasedMessage, to instance: EntityInstance) {
        // An incarnation exists only where the type is hosted.
        guard let kind = host.kind else {
            return host.lose(.notHosted, payload, entity: instance.entity, shard: instance.shard)
        }
        if let reason = state.running.deliver(payload, to: instance.number, of: kind) {
            host.lose(reason, payload, entity: instance.entity, shard: instance.shard)
        }
    }
}

extension PeerMessage {
    /// Why the user's message in it is sent.
    fileprivate var hop: ShardHop {
        switch self {
        case .deliver(let delivery): delivery.sequence == 0 ? .leftover : .delivery
        case .notHome: .returned
        case .streamEnd, .streamClosed, .transferred, .passivate: .delivery
        }
    }

    /// The delivery that this message carries, if any.
    var delivery: ShardDelivery<Payload>? {
        switch self {
        case .deliver(let delivery), .notHome(let delivery, _): delivery
        case .streamEnd, .streamClosed, .transferred, .passivate: nil
        }
    }
}

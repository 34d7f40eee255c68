import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyRemoting
import Synchronization

/// The shell of sharding for one type on one node: calls the cores of the region and the coordinator, and performs
/// their effects.
///
/// Both cores run in one actor: the coordinator acts only on the oldest member, and messages between the two are passed
/// directly.
struct RegionShell: PlacementShell {
    let host: RegionHost
    private let cores: RegionCores
    var state: ShellState<RegionCommand>
    /// The pass that lets the entities of a shard act, by shard that runs here.
    var passes: [Int: ShardPass] = [:]
    /// The messages that waited for this turn, and where.
    var handled: (slot: ShardSlot, messages: [WaitingMessage])?
    /// The routes to other members' regions.
    var encodedRoutes: [UniqueAddress: EncodedRoute] = [:]
    /// The incarnations that were started in this turn. Messages pass to them directly once it ends.
    var startedCells: [(instance: EntityInstance, cell: AnyActorCell)] = []
    /// Messages of the two cores to each other, in order.
    var loopback: [ShardingMessage<ErasedMessage>] = []
    var causes = ShardCauses()
    /// The failure of the entity whose end is being handled.
    var entityFailure: String?
    /// The last error of the store of remembered entities.
    var storeError: EntityStoreError?
    /// Whether an event has reported that the lease has lapsed.
    var isFenced = false
    private var answers: [UInt64: @Sendable (CommandAnswer) -> Void] = [:]
    private var lastCommand: UInt64 = 0

    static func behavior(_ host: RegionHost) -> Behavior<RegionCommand> { behavior { RegionShell(host: host) } }

    private init(host: RegionHost) {
        self.host = host
        cores = host.makeCores()
        state = ShellState(peers: ShellPeers(payloads: host.payloads, paths: RegionHost.paths(host.type)))
    }

    // Each access holds the lock of the cores only for its own duration.

    var region: Region<ErasedMessage> {
        _read { yield cores.region }
        nonmutating _modify { yield &cores.region }
    }

    var coordinator: ShardCoordinator {
        _read { yield cores.coordinator }
        nonmutating _modify { yield &cores.coordinator }
    }

    var lease: Instant {
        get { cores.lease }
        nonmutating set { cores.lease = newValue }
    }

    var storeTrouble: StoreTrouble? {
        get { cores.storeTrouble }
        nonmutating set { cores.storeTrouble = newValue }
    }

    var cluster: Cluster { host.cluster }

    func wakeAt(_ now: Instant) -> Instant? {
        let lease = lease
        // The end of the lease needs a wake-up, even if no message arrives.
        let leaseEnd: Instant? = lease > now && lease < .distantFuture && !state.running.isEmpty ? lease : nil
        let due = cores.wakeAt
        let next = min(
            due.region ?? .distantFuture, due.coordinator ?? .distantFuture, leaseEnd ?? .distantFuture)
        return next < .distantFuture ? next : nil
    }

    mutating func onCommand(_ command: RegionCommand, at now: Instant, _ context: ActorContext<RegionCommand>) {
        cores.learnUses(of: host.routes)
        switch command {
        case .shell(let event): onEvent(event, at: now, context)
        case .route(let entity, let message): route(message, to: entity, asks: nil, at: now, context)
        case .ask(let entity, let message, let patience):
            route(message, to: entity, asks: patience, at: now, context)
        case .messagesWait(let shard): handleWaiting(of: shard, at: now, context)
        case .wire(let envelope): receive(envelope, at: now, context)
        case .ended(var end, let failure):
            entityFailure = failure
            forgetCell(of: end.instance)
            end.unhandled += state.running.remove(end.instance.number)
            perform(region.onTerminated(end, at: now), context)
        case .passivate(let instance):
            guard state.running.contains(instance.number) else { return }
            perform(region.onPassivate(instance.entity, at: now), context)
        case .passivation(let settings): perform(region.onPassivation(settings, at: now), context)
        case .host(let settings):
            coordinator.onHosting(settings)
            perform(region.onHosting(settings, at: now), context)
        case .passivateByName(let entity): passivate(entity, at: now, context)
        case .wake(let entity): perform(region.onWake(entity, at: now), context)
        case .command(let command, let answer):
            lastCommand += 1
            answers[lastCommand] = answer
            perform(region.onCommand(command, id: lastCommand, at: now), context)
        case .remembered(let request, let names, let isLast):
            perform(
                region.onRemembered(names, shard: request.shard, run: request.run, isLast: isLast, at: now), context)
        case .stored(let request): perform(region.onStored(request, at: now), context)
        case .storeFailed(let request, let error):
            storeError = error
            perform(region.onStoreFailed(request, at: now), context)
        }
    }

    mutating func onView(_ view: PlacementView, at now: Instant, _ context: ActorContext<RegionCommand>) {
        perform(region.onView(view, at: now), context)
        perform(coordinator.onView(view, at: now), context)
        encodedRoutes = encodedRoutes.filter { view.member($0.key) != nil }
        // Only now: what had come from new members is delivered, and what they send next may overtake nothing.
        host.routes.follow(view.members.map(\.node))
    }

    mutating func onLease(validUntil: Instant, at now: Instant, _ context: ActorContext<RegionCommand>) {
        onHostLease(validUntil: validUntil, at: now, context)
        perform(coordinator.onLease(validUntil: validUntil, at: now), context)
    }

    mutating func onHostLease(validUntil: Instant, at now: Instant, _ context: ActorContext<RegionCommand>) {
        perform(region.onLease(validUntil: validUntil, at: now), context)
    }

    mutating func onWakeup(at now: Instant, _ context: ActorContext<RegionCommand>) {
        perform(region.onWakeup(at: now), context)
        perform(coordinator.onWakeup(at: now), context)
    }

    mutating func onLeave(at now: Instant, _ context: ActorContext<RegionCommand>) {
        perform(region.onLeave(at: now), context)
    }

    mutating func settle(at now: Instant, _ context: ActorContext<RegionCommand>) {
        let own = context.system.unique
        while !loopback.isEmpty {
            let messages = loopback
            loopback = []
            for message in messages { dispatch(message, from: own, at: now, context) }
        }
        openRoutes(at: now, context)
    }

    mutating func route(
        _ message: ErasedMessage, to entity: String, asks: AskPatience?, at now: Instant,
        _ context: ActorContext<RegionCommand>
    ) {
        guard RegionHost.isID(entity) else { return host.refuse(message, entity: entity) }
        context.system.attachContext(to: message)
        perform(region.onRoute(message, to: entity, asks: asks, at: now), context)
    }

    mutating func receive(
        _ envelope: ShardingEnvelope, at now: Instant, _ context: ActorContext<RegionCommand>
    ) {
        let delivery: ShardDelivery<ErasedMessage>? =
            if case .peer(let message) = envelope.message { message.delivery } else { nil }
        let refusal = state.peers.refusal(of: envelope.head, at: context.system.unique)
        if let delivery {
            context.system.attachContext(to: delivery.payload)
            if refusal != .undecodable { host.tracing?.arrived(delivery.payload) }
            if let refusal { host.lose(refusal, delivery.payload, entity: delivery.entity, shard: delivery.shard) }
        }
        if refusal == nil { dispatch(envelope.message, from: envelope.head.from, at: now, context) }
    }

    private mutating func dispatch(
        _ message: ShardingMessage<ErasedMessage>, from node: UniqueAddress, at now: Instant,
        _ context: ActorContext<RegionCommand>
    ) {
        switch message {
        case .request(let request): perform(coordinator.onRequest(request, from: node, at: now), context)
        case .order, .peer: perform(region.onMessage(message, from: node, at: now), context)
        }
    }

    mutating func answer(_ id: UInt64, _ answer: CommandAnswer) { answers.removeValue(forKey: id)?(answer) }

    private mutating func passivate(
        _ entity: String, at now: Instant, _ context: ActorContext<RegionCommand>
    ) {
        let shard = region.shard(of: entity)
        if let home = region.home(of: shard), home != context.system.unique {
            send(.peer(.passivate(entity: entity)), to: home, context)
        } else {
            perform(region.onPassivate(entity, at: now), context)
        }
    }

    /// A probed node runs no actor of the type.
    mutating func onTerminated(_ news: Terminated, at now: Instant, _ context: ActorContext<RegionCommand>) {
        switch news.reason {
        case .stopped, .failed, .noSuchActor:
            // An earlier incarnation at this address no longer runs anything either.
            for member in host.cluster.state.members where member.node.address == news.ref.address.node {
                perform(coordinator.onRequest(.notHosted, from: member.node, at: now), context)
            }
        case .nodeRemoved: break
        }
    }

    mutating func onShutdown(at now: Instant, _ context: ActorContext<RegionCommand>) {
        for answer in answers.sorted(by: { $0.key < $1.key }) { answer.value(.refused(.noAnswer)) }
        answers = [:]
        perform(region.onShutdown(at: now), context)
        endWaiting(at: now, context)
    }
}

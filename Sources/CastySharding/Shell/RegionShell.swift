import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import Synchronization

/// The shell of sharding for one type on one node: calls the cores of the region and the coordinator, and performs
/// their effects.
///
/// Both cores run in one actor: the coordinator acts only on the oldest member, and messages between the two are passed
/// directly.
struct RegionShell: Sendable {
    let host: RegionHost
    private let cores: RegionCores
    /// The incarnations that run, by number.
    var entities: [UInt64: AnyActorCell] = [:]
    /// Messages that arrived for entities after they ended, but before the region learned of their end.
    var late: [UInt64: [ErasedMessage]] = [:]
    var peers: [UniqueAddress: RegionPeer] = [:]
    /// The pass that lets the entities of a shard act, by shard that runs here.
    var passes: [Int: ShardPass] = [:]
    /// Messages of the two cores to each other, in order.
    var loopback: [ShardingMessage<ErasedMessage>] = []
    private var wakeup = WakeupTimer()
    var causes = ShardCauses()
    var hasLeft = false
    /// The failure of the entity whose end is being handled.
    var entityFailure: String?
    /// The last error of the store of remembered entities.
    var storeError: EntityStoreError?
    /// Whether an event has reported that the lease has lapsed.
    var isFenced = false
    /// The number of the cluster view that the cores know.
    var viewNumber: UInt64 = 0
    var whenLeft: [@Sendable () -> Void] = []
    var answers: [UInt64: @Sendable (CommandAnswer) -> Void] = [:]
    var lastCommand: UInt64 = 0

    static func behavior(_ host: RegionHost) -> Behavior<RegionCommand> {
        .setup { _ in
            .stateful(
                RegionShell(host: host),
                { shell, context, command in
                    shell.handle(command, context)
                    return .same
                },
                onSignal: { shell, context, signal in
                    switch signal {
                    case .terminated(let news): shell.miss(news, context)
                    case .postStop: shell.shutDown(context)
                    case .preRestart: break
                    }
                    return .same
                })
        }
    }

    private init(host: RegionHost) {
        self.host = host
        cores = host.makeCores()
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

    var storeTrouble: String? {
        get { cores.storeTrouble }
        nonmutating set { cores.storeTrouble = newValue }
    }

    mutating func handle(_ command: RegionCommand, _ context: ActorContext<RegionCommand>) {
        let now = context.now
        // Runs for every command: the cores may have learned of a new lease, and may have messages for each other.
        defer { settle(at: now, context) }
        followLease(at: now, context)
        // A user who has seen a node in the cluster's state may send a message before the region is notified of the
        // change, so it checks for a new view here.
        if host.cluster.viewNumber != viewNumber { followMembership(at: now, context) }
        switch command {
        case .route(let entity, let message):
            guard RegionHost.isID(entity) else { return host.refuse(message, entity: entity) }
            perform(region.onRoute(message, to: entity, at: now), context)
        case .ask(let entity, let message, let patience):
            guard RegionHost.isID(entity) else { return host.refuse(message, entity: entity) }
            perform(region.onRoute(message, to: entity, asks: patience, at: now), context)
        case .wire(let envelope): receive(envelope, at: now, context)
        case .membershipChanged: followMembership(at: now, context)
        case .wakeup(let number):
            guard wakeup.accepts(number) else { return }
            perform(region.onWakeup(at: now), context)
            perform(coordinator.onWakeup(at: now), context)
        case .leaseLapsed: lapse(at: now, context)
        case .ended(var end, let failure):
            entities[end.instance.number] = nil
            entityFailure = failure
            end.unhandled += late.removeValue(forKey: end.instance.number) ?? []
            perform(region.onTerminated(end, at: now), context)
        case .passivate(let instance):
            if entities[instance.number] != nil { perform(region.onPassivate(instance.entity, at: now), context) }
        case .passivation(let settings): perform(region.onPassivation(settings, at: now), context)
        case .passivateByName(let entity): passivate(entity, at: now, context)
        case .leave(let done):
            // The region started to leave when it saw that its node is leaving, and may already be done.
            if hasLeft { return done() }
            whenLeft.append(done)
            perform(region.onLeave(at: now), context)
        case .command(let command, let answer):
            lastCommand += 1
            answers[lastCommand] = answer
            perform(region.onCommand(command, id: lastCommand, at: now), context)
        case .remembered(let request, let names):
            perform(region.onRemembered(names, shard: request.shard, run: request.run, at: now), context)
        case .stored(let request): perform(region.onStored(request, at: now), context)
        case .storeFailed(let request, let error):
            storeError = error
            perform(region.onStoreFailed(request, at: now), context)
        }
    }

    /// Dispatches the messages of the two cores to each other until none is left, then schedules the next wake-up.
    private mutating func settle(at now: Instant, _ context: ActorContext<RegionCommand>) {
        let own = context.system.unique
        while !loopback.isEmpty {
            let messages = loopback
            loopback = []
            for message in messages { dispatch(message, from: own, at: now, context) }
        }
        scheduleWakeup(at: now, context)
    }

    private mutating func receive(
        _ envelope: ShardingEnvelope, at now: Instant, _ context: ActorContext<RegionCommand>
    ) {
        let delivery: ShardDelivery<ErasedMessage>? =
            if case .peer(let message) = envelope.message { message.delivery } else { nil }
        // The head names the type that the message is for, the address the actor that received it: a peer may have sent
        // ones that differ.
        guard envelope.head.payloads === host.payloads else {
            if let delivery {
                host.lose(.undecodable, delivery.payload, entity: delivery.entity, shard: delivery.shard)
            }
            return
        }
        if let delivery { host.tracing?.arrived(delivery.payload) }
        guard envelope.head.to == context.system.unique else {
            // The message is for an earlier incarnation of this node; it must not reach this one.
            if let delivery {
                host.lose(.wrongIncarnation, delivery.payload, entity: delivery.entity, shard: delivery.shard)
            }
            return
        }
        dispatch(envelope.message, from: envelope.head.from, at: now, context)
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

    private mutating func followMembership(at now: Instant, _ context: ActorContext<RegionCommand>) {
        viewNumber = host.cluster.viewNumber
        let view = PlacementView(host.cluster, own: context.system.unique)
        peers = peers.filter { view.member($0.key) != nil }
        perform(region.onView(view, at: now), context)
        perform(coordinator.onView(view, at: now), context)
    }

    /// Notifies the cores if the lease has changed since they last learned of it.
    private mutating func followLease(at now: Instant, _ context: ActorContext<RegionCommand>) {
        let until = host.cluster.leaseValidUntil
        guard until != lease else { return }
        lease = until
        perform(region.onLease(validUntil: until, at: now), context)
        perform(coordinator.onLease(validUntil: until, at: now), context)
    }

    /// An entity found that the lease has lapsed, and all are paused: even if the lease is valid again by now, the
    /// coordinator must confirm the shards here.
    private mutating func lapse(at now: Instant, _ context: ActorContext<RegionCommand>) {
        perform(region.onLease(validUntil: now, at: now), context)
        perform(region.onLease(validUntil: lease, at: now), context)
    }

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
    mutating func miss(_ news: Terminated, _ context: ActorContext<RegionCommand>) {
        let now = context.now
        defer { settle(at: now, context) }
        followLease(at: now, context)
        switch news.reason {
        case .stopped, .failed, .noSuchActor:
            // An earlier incarnation at this address no longer runs anything either.
            for member in host.cluster.state.members where member.node.address == news.ref.address.node {
                perform(coordinator.onRequest(.notHosted, from: member.node, at: now), context)
            }
        case .nodeRemoved: break
        }
    }

    private mutating func scheduleWakeup(at now: Instant, _ context: ActorContext<RegionCommand>) {
        // The end of the lease needs a wake-up, even if no message arrives.
        let leaseEnd: Instant? = lease > now && lease < .distantFuture && !entities.isEmpty ? lease : nil
        let next = min(
            region.wakeAt ?? .distantFuture, coordinator.wakeAt ?? .distantFuture, leaseEnd ?? .distantFuture)
        let me = context.`self`
        wakeup.set(for: next < .distantFuture ? next : nil, on: context.system.world.scheduler) {
            me.tell(.wakeup(generation: $0))
        }
    }

    mutating func shutDown(_ context: ActorContext<RegionCommand>) {
        wakeup.cancel()
        for answer in answers.sorted(by: { $0.key < $1.key }) { answer.value(.refused(.noAnswer)) }
        answers = [:]
        perform(region.onShutdown(at: context.now), context)
    }
}

extension PlacementView {
    /// The view of the membership that placement uses.
    init(_ cluster: Cluster, own: UniqueAddress) {
        let state = cluster.state
        self.init(
            own: own,
            members: state.members.map { member in
                let isReachable = !state.unreachable.contains(member.node)
                // A member that becomes unreachable while exiting may not have handed its shards over: it counts as
                // crashed.
                let status: PlacementStatus =
                    member.status == .exiting && !isReachable ? .down : PlacementStatus(member.status)
                return PlacementMember(
                    node: member.node, upNumber: Int(member.upNumber ?? 0), status: status, isReachable: isReachable,
                    isSilent: state.silent.contains(member.node), roles: member.roles)
            }, removed: state.removed)
        removalMargin = cluster.config.settings.removalMargin(members: state.members.count)
    }
}

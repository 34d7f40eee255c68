import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Logging

/// The parts of one singleton on one node.
final class SingletonHost: Sendable {
    let name: String
    let cluster: Cluster
    let settings: SingletonSettings
    let payloads: PayloadCodec
    let kind: SingletonKind
    let gate = LeaseGate()

    init(
        name: String, cluster: Cluster, settings: SingletonSettings, payloads: PayloadCodec, kind: SingletonKind
    ) {
        self.name = name
        self.cluster = cluster
        self.settings = settings
        self.payloads = payloads
        self.kind = kind
    }

    /// A path outside `system` puts all its messages on the lane of user messages, so that none overtakes another.
    static func path(_ name: String) -> [String] { ["singleton", name] }
}

/// The functions that depend on the message type of a singleton.
struct SingletonKind: Sendable {
    let start:
        @Sendable (ActorContext<SingletonCommand>, _ name: String, CellHooks<ErasedMessage>) throws(SpawnError)
            -> AnyActorCell
    let offer: @Sendable (ErasedMessage, AnyActorCell) -> Delivery

    init<Message: Sendable>(_ behavior: @escaping @Sendable () -> Behavior<Message>) {
        start = { context, name, hooks throws(SpawnError) in
            let typed = CellHooks<Message>(
                mayRun: hooks.mayRun, onEnd: { hooks.onEnd($0, $1.map { TypedMessage($0) }) })
            return try context.spawn(
                behavior(), name: name, hooks: typed, traffic: .user, turn: { $0.takeTurn(of: Message.self, $1) }
            ).target
        }
        offer = { message, target in
            guard let message: Message = message.unwrap() else { return .undecodable }
            // `start` of the same kind created the cell, so the types match.
            return unsafeDowncast(target, to: ActorCell<Message>.self).offer(message)
        }
    }
}

/// The shell of a singleton on one node: calls its core, and performs the effects.
struct SingletonShell: Sendable {
    let host: SingletonHost
    var core: Singleton<ErasedMessage>
    /// The incarnation that runs here.
    private var running: (life: UInt64, target: AnyActorCell, pass: ShardPass)?
    /// Messages that arrived for it after it ended, but before the core learned of its end.
    private var late: [ErasedMessage] = []
    private var peers: [UniqueAddress: (head: EnvelopeHead, manager: ActorRef<SingletonCommand>)] = [:]
    private var wakeup = WakeupTimer()
    private var lease = Instant.distantFuture
    /// The number of the cluster view that the core knows.
    private var viewNumber: UInt64 = 0
    private var whenLeft: [@Sendable () -> Void] = []
    private var hasLeft = false

    static func behavior(_ host: SingletonHost) -> Behavior<SingletonCommand> {
        .stateful(
            SingletonShell(host),
            { shell, context, command in
                shell.handle(command, context)
                return .same
            },
            onSignal: { shell, context, signal in
                if case .postStop = signal { shell.shutDown(context) }
                return .same
            })
    }

    private init(_ host: SingletonHost) {
        self.host = host
        core = Singleton(own: host.cluster.system.unique, settings: host.settings)
    }

    private mutating func handle(_ command: SingletonCommand, _ context: ActorContext<SingletonCommand>) {
        let now = context.now
        // Runs for every command: the core may have learned of a new lease, and its wake-up may have changed.
        defer { scheduleWakeup(context) }
        followLease(at: now, context)
        // A user who has seen a node in the cluster's state may send a message before this actor is notified of the
        // change, so it checks for a new view here.
        if host.cluster.viewNumber != viewNumber { followMembership(at: now, context) }
        switch command {
        case .route(let message): perform(core.onRoute(message, at: now), context)
        case .ask(let message, let patience): perform(core.onRoute(message, asks: patience, at: now), context)
        case .wire(let head, let message):
            // The head names the singleton that the message is for, the address the actor that received it: a peer may
            // have sent ones that differ.
            guard head.payloads === host.payloads else {
                if case .deliver(let payload, _, _) = message { lose(payload, .undecodable) }
                return
            }
            guard head.to == context.system.unique else {
                if case .deliver(let payload, _, _) = message { lose(payload, .wrongIncarnation) }
                return
            }
            perform(core.onMessage(message, from: head.from, at: now), context)
        case .membershipChanged: followMembership(at: now, context)
        case .wakeup(let number):
            guard wakeup.accepts(number) else { return }
            perform(core.onWakeup(at: now), context)
        case .leaseLapsed:
            // Even if the lease is valid again by now, the singleton that found it lapsed is paused and must be
            // resumed.
            perform(core.onLease(validUntil: now, at: now), context)
            perform(core.onLease(validUntil: lease, at: now), context)
        case .ended(let life, let failed, let unhandled):
            if running?.life == life { running = nil }
            let left = unhandled + late
            late = []
            perform(core.onEnded(life, failed: failed, unhandled: left, at: now), context)
        case .leave(let done):
            if hasLeft { return done() }
            whenLeft.append(done)
            perform(core.onLeave(at: now), context)
        }
    }

    private mutating func followMembership(at now: Instant, _ context: ActorContext<SingletonCommand>) {
        viewNumber = host.cluster.viewNumber
        let view = PlacementView(host.cluster, own: context.system.unique)
        peers = peers.filter { view.member($0.key) != nil }
        perform(core.onView(view, at: now), context)
    }

    private mutating func followLease(at now: Instant, _ context: ActorContext<SingletonCommand>) {
        let until = host.cluster.leaseValidUntil
        guard until != lease else { return }
        lease = until
        perform(core.onLease(validUntil: until, at: now), context)
    }

    private mutating func perform(
        _ effects: [SingletonEffect<ErasedMessage>], _ context: ActorContext<SingletonCommand>
    ) {
        for effect in effects {
            switch effect {
            case .send(let node, let message): send(message, to: node, context)
            case .start(let life): start(life, context)
            case .stop(let life, let mode):
                guard let running, running.life == life else { continue }
                switch mode {
                case .afterMailbox: running.target.stopAfterMailbox()
                case .now: running.target.post(.stop)
                }
            case .pause: host.gate.close()
            case .resume(let life):
                guard let running, running.life == life else { continue }
                running.pass.renew()
                running.target.post(.resume)
            case .deliver(let payload, let life): deliver(payload, to: life)
            case .lost(let payload, let reason): lose(payload, CastyObservability.LossReason(reason))
            case .refused(let payload, let cause):
                Questions.fail(in: payload, AskError.Code(cause), cause.description, cause: cause)
                host.cluster.system.inspector.lose(
                    CastyObservability.LossReason(cause), .user, target: host.name, type: host.name)
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
        _ message: SingletonMessage<ErasedMessage>, to node: UniqueAddress, _ context: ActorContext<SingletonCommand>
    ) {
        let known = peers[node]
        let peer =
            known
            ?? (
                EnvelopeHead(from: context.system.unique, to: node, payloads: host.payloads),
                context.system.reference(
                    to: ActorAddress(
                        system: context.system.name, node: node.address, path: SingletonHost.path(host.name), uid: 0))
            )
        if known == nil { peers[node] = peer }
        peer.manager.tell(.wire(peer.head, message))
    }

    private mutating func start(_ life: UInt64, _ context: ActorContext<SingletonCommand>) {
        let (me, cluster, scheduler) = (context.`self`, host.cluster, context.system.world.scheduler)
        let pass = ShardPass(host.gate)
        let hooks = CellHooks<ErasedMessage>(
            mayRun: { pass.lets(ifValid: scheduler.now < cluster.leaseValidUntil) { me.tell(.leaseLapsed) } },
            onEnd: { failure, unhandled in
                me.tell(.ended(life, failed: failure != nil, unhandled: unhandled))
            })
        do {
            running = (life, try host.kind.start(context, "\(life)", hooks), pass)
        } catch {
            context.log.error("singleton \(host.name) could not start: \(error)")
            me.tell(.ended(life, failed: true, unhandled: []))
        }
    }

    private mutating func deliver(_ payload: ErasedMessage, to life: UInt64) {
        guard let running, running.life == life else { return late.append(payload) }
        switch host.kind.offer(payload, running.target) {
        case .accepted, .acceptedIdle, .accounted: break
        case .mailboxFull, .bufferFull: lose(payload, .mailboxFull)
        case .undecodable: lose(payload, .undecodable)
        case .noSuchActor, .wrongIncarnation, .unreachable, .lateReply:
            late.append(payload)
        }
    }

    private func lose(_ payload: ErasedMessage, _ reason: CastyObservability.LossReason) {
        Questions.fail(in: payload, AskError.Code(reason), reason.rawValue)
        host.cluster.system.inspector.lose(reason, .user, target: host.name, type: host.name)
    }

    private func tell(_ note: SingletonNote) {
        let inspector = host.cluster.system.inspector
        let text: String
        switch note {
        case .waiting(let nodes, let until):
            let names = nodes.map { inspector.nameOf($0.address) }.joined(separator: ",")
            let causes = [names.isEmpty ? nil : "for \(names)", until.map { "until \($0) s" }].compactMap { $0 }
            text = "singleton \(host.name) waits " + causes.joined(separator: " and ")
        case .started: text = "singleton \(host.name) runs here"
        case .stopped(_, let forced): text = "singleton \(host.name) has stopped here" + (forced ? ", by force" : "")
        case .ended(_, let failed, let until):
            text = "singleton \(host.name) \(failed ? "failed" : "ended") here, starts again at \(until) s"
        case .fenced: text = "singleton \(host.name) pauses: the lease has lapsed"
        case .unfenced: text = "singleton \(host.name) goes on: the lease is valid again"
        }
        inspector.emit(.note, subject: inspector.name, text: text)
    }

    private mutating func scheduleWakeup(_ context: ActorContext<SingletonCommand>) {
        let me = context.`self`
        wakeup.set(for: core.wakeAt, on: context.system.world.scheduler) { me.tell(.wakeup(generation: $0)) }
    }

    private mutating func shutDown(_ context: ActorContext<SingletonCommand>) {
        wakeup.cancel()
        perform(core.onShutdown(at: context.now), context)
        for payload in late { lose(payload, .shutdown) }
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyPlacement
import Logging

/// The shell of a singleton on one node: calls its core, and performs the effects.
struct SingletonShell: PlacementShell {
    let host: SingletonHost
    private var core: Singleton<ErasedMessage>
    var state: ShellState<SingletonCommand>
    var lease = Instant.distantFuture
    /// The pass of the incarnation that was started last.
    private var pass: ShardPass?

    static func behavior(_ host: SingletonHost) -> Behavior<SingletonCommand> { behavior { SingletonShell(host) } }

    private init(_ host: SingletonHost) {
        self.host = host
        core = Singleton(own: host.cluster.system.unique, settings: host.settings)
        state = ShellState(peers: ShellPeers(payloads: host.payloads, paths: SingletonHost.paths(host.name)))
    }

    var cluster: Cluster { host.cluster }

    func wakeAt(_ now: Instant) -> Instant? { core.wakeAt }

    mutating func onCommand(
        _ command: SingletonCommand, at now: Instant, _ context: ActorContext<SingletonCommand>
    ) {
        switch command {
        case .shell(let event): onEvent(event, at: now, context)
        case .route(let message):
            context.system.attachContext(to: message)
            perform(core.onRoute(message, at: now), context)
        case .ask(let message, let patience):
            context.system.attachContext(to: message)
            perform(core.onRoute(message, asks: patience, at: now), context)
        case .wire(let head, let message):
            if let refusal = state.peers.refusal(of: head, at: context.system.unique) {
                if case .deliver(let payload, _, _) = message { lose(payload, refusal) }
                return
            }
            if case .deliver(let payload, _, _) = message { context.system.attachContext(to: payload) }
            perform(core.onMessage(message, from: head.from, at: now), context)
        case .ended(let incarnation, let failed, let unhandled):
            let left = unhandled + state.running.remove(incarnation)
            perform(core.onEnded(incarnation, failed: failed, unhandled: left, at: now), context)
        }
    }

    mutating func onView(_ view: PlacementView, at now: Instant, _ context: ActorContext<SingletonCommand>) {
        perform(core.onView(view, at: now), context)
    }

    mutating func onLease(validUntil: Instant, at now: Instant, _ context: ActorContext<SingletonCommand>) {
        onHostLease(validUntil: validUntil, at: now, context)
    }

    mutating func onHostLease(validUntil: Instant, at now: Instant, _ context: ActorContext<SingletonCommand>) {
        perform(core.onLease(validUntil: validUntil, at: now), context)
    }

    mutating func onWakeup(at now: Instant, _ context: ActorContext<SingletonCommand>) {
        perform(core.onWakeup(at: now), context)
    }

    mutating func onLeave(at now: Instant, _ context: ActorContext<SingletonCommand>) {
        perform(core.onLeave(at: now), context)
    }

    /// The shell watches no actor.
    mutating func onTerminated(_ news: Terminated, at now: Instant, _ context: ActorContext<SingletonCommand>) {}

    mutating func onShutdown(at now: Instant, _ context: ActorContext<SingletonCommand>) {
        perform(core.onShutdown(at: now), context)
        for payload in state.running.removeLate() { lose(payload, .shutdown) }
    }

    /// There is only one core.
    mutating func settle(at now: Instant, _ context: ActorContext<SingletonCommand>) {}
}

extension SingletonShell {
    private mutating func perform(
        _ effects: [SingletonEffect<ErasedMessage>], _ context: ActorContext<SingletonCommand>
    ) {
        for effect in effects {
            switch effect {
            case .send(let node, let message):
                let peer = state.peers.peer(node, from: context.system)
                guard case .deliver(let payload, _, _) = message else {
                    peer.data.tell(.wire(peer.head, message))
                    continue
                }
                context.system.carrying(payload) { peer.data.tell(.wire(peer.head, message)) }
            case .start(let incarnation): start(incarnation, context)
            case .stop(let incarnation, let mode): state.running.stop(incarnation, mode)
            case .pause: host.gate.close()
            case .resume(let incarnation):
                guard state.running.contains(incarnation) else { continue }
                pass?.renew()
                state.running.resume(incarnation)
            case .deliver(let payload, let incarnation): deliver(payload, to: incarnation)
            case .lost(let payload, let reason): lose(payload, reason)
            case .refused(let payload, let cause):
                cluster.system.inspector.refuse(payload, for: Addressee(type: host.name), cause)
            case .left: state.departure.finish()
            case .note(let note): tell(note)
            }
        }
    }

    private mutating func start(_ incarnation: UInt64, _ context: ActorContext<SingletonCommand>) {
        let me = context.`self`
        let pass = ShardPass(host.gate)
        let isLeaseValid = leaseCheck(pass, context)
        let subject = host.context(for: incarnation, upNumber: core.ownNumber, mayWrite: isLeaseValid)
        let hooks = CellHooks<ErasedMessage>(
            mayRun: isLeaseValid,
            onEnd: { failure, unhandled in
                me.tell(.ended(incarnation, failed: failure != nil, unhandled: unhandled))
            })
        do {
            state.running.add(incarnation, try host.kind.start(context, subject, "\(incarnation)", hooks))
            self.pass = pass
        } catch {
            context.log.error("singleton \(host.name) could not start: \(error)")
            me.tell(.ended(incarnation, failed: true, unhandled: []))
        }
    }

    private mutating func deliver(_ payload: ErasedMessage, to incarnation: UInt64) {
        // The core does not know yet that it has ended, or could not start.
        guard state.running.contains(incarnation) else { return state.running.keep(payload, for: incarnation) }
        if let reason = state.running.deliver(payload, to: incarnation, of: host.kind) { lose(payload, reason) }
    }

    private func lose(_ payload: ErasedMessage, _ reason: LossReason) {
        cluster.system.inspector.lose(payload, for: Addressee(type: host.name), reason)
    }

    private func tell(_ note: SingletonNote) {
        let inspector = cluster.system.inspector
        let notice: SingletonNotice =
            switch note {
            case .waiting(let nodes, let until):
                .waits(for: nodes.map { inspector.nameOf($0.address) }, until: until)
            case .started: .runs
            case .stopped(_, let forced): .stopped(forced: forced)
            case .ended(_, let failed, let restartAt): .ended(failed: failed, restartAt: restartAt)
            case .fenced: .paused
            case .unfenced: .resumed
            }
        inspector.emit(.note, subject: inspector.name, detail: .singleton(host.name, notice))
    }
}

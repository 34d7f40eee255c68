import CastyActors
import CastyCore
import CastyMembership
import CastyObservability
import CastyRemoting
import CastySerialization
import Logging
import NIOCore

/// The shell of the membership: calls the core, and carries out its effects.
struct ClusterDaemon {
    private let shared: SharedCore
    private let myself: UniqueAddress
    private let link: DaemonLink
    private var timers: [TimerKey: RunningTimer] = [:]
    private var generation: UInt64 = 0
    private var peers: [NodeAddress: ActorRef<DaemonMessage>] = [:]
    private var causes = EventCauses()
    /// The last state sent, and its encoding: a state that goes to many nodes is encoded once.
    private var encoded: (gossip: Gossip, bytes: ByteBuffer)?
    /// Partly received envelopes of other nodes, and the number of the last envelope that this node has sent in pages.
    private var assembly = PageAssembly()
    private var lastPaged: UInt64 = 0

    private struct RunningTimer: Sendable {
        let generation: UInt64
        let scheduled: any ScheduledTimer
    }

    static func behavior(_ shared: SharedCore, myself: UniqueAddress, _ link: DaemonLink) -> Behavior<DaemonMessage> {
        .stateful(
            ClusterDaemon(shared: shared, myself: myself, link: link),
            { daemon, context, message in
                daemon.handle(message, context)
                return .same
            },
            onSignal: { daemon, context, signal in
                if case .postStop = signal { daemon.end(context) }
                return .same
            })
    }

    private init(shared: SharedCore, myself: UniqueAddress, link: DaemonLink) {
        self.shared = shared
        self.myself = myself
        self.link = link
    }

    private mutating func handle(_ message: DaemonMessage, _ context: ActorContext<DaemonMessage>) {
        let now = context.now
        if assembly.expire(at: now) { shared.unfinishedBytes = assembly.bytes }
        guard let outcome = change(by: message, at: now, context) else { return }
        // The snapshot first, then the events: a reader that learns of a change finds it in the snapshot.
        let cluster = link.cluster
        let followers = cluster?.publish(outcome) ?? []
        if outcome.isNotable, let watcher = cluster?.stepWatcher {
            watcher(
                MembershipStep(
                    node: myself, change: outcome.seen, effects: outcome.effects, received: message.received,
                    isChange: outcome.state != nil))
        }
        for effect in outcome.effects { interpret(effect, cluster, context) }
        for follower in followers { follower() }
    }

    /// Gives the message to the core; `nil` where it does not concern the core.
    private mutating func change(
        by message: DaemonMessage, at now: Instant, _ context: ActorContext<DaemonMessage>
    ) -> SharedCore.Outcome? {
        switch message {
        case .page(let page):
            take(page, at: now, context)
            return nil
        case .received(let envelope):
            if let to = envelope.to, to != myself {
                // For an earlier incarnation of this node.
                context.system.lose(message, to: context.`self`.target, because: .refused(.wrongIncarnation))
                return nil
            }
            if case .clusterAnswer = envelope.message,
                link.cluster?.remoting?.isProven(envelope.from) != true
            {
                // The answer came on a connection that the peer dialled, from an address that has not been verified by
                // dialling it. If the address can be verified, it is by the next round of probes.
                return nil
            }
            return shared.change { $0.onMessage(envelope.message, from: envelope.from, at: now) }
        case .start(let seeds, let mayFound, let remembered):
            return shared.change {
                $0.onStart(seeds: seeds, mayFound: mayFound, remembered: remembered, at: now)
            }
        case .seeds(let seeds): return shared.change { $0.onSeeds(seeds, at: now) }
        case .declare(let setting):
            return shared.change {
                $0.onDeclaration(setting)
                return []
            }
        case .timer(let key, let generation):
            guard timers[key]?.generation == generation else { return nil }
            timers[key] = nil
            return shared.change { $0.onTimer(key, at: now) }
        case .leave: return shared.change { $0.onLeave(at: now) }
        case .down(let address): return shared.change { $0.onDown(address, at: now) }
        case .exitTasksDone: return shared.change { $0.onExitTasksDone(at: now) }
        case .leaseAnswered(let number, let result):
            var isGranted = false
            switch result {
            case .success(let granted): isGranted = granted
            case .failure(let error): link.cluster?.noteLeaseProblem(error)
            }
            return shared.change { $0.onLeaseAnswer(number, isGranted: isGranted, at: now) }
        case .wrongNode(let address, let answer):
            return shared.change { $0.onWrongNode(at: address, answer: answer, now: now) }
        case .notTrusted(let address, let reason):
            return shared.change { $0.onNotTrusted(by: address, reason: reason, now: now) }
        case .fail(let reason): return shared.change { $0.onFailure(reason, at: now) }
        case .contactFailed(let address): return shared.change { $0.onUnreachableContact(address, at: now) }
        case .incarnationGone(let peer): return shared.change { $0.onPeerIncarnationGone(peer, at: now) }
        }
    }

    /// A page of a state: with the last one, the state is handled like a message.
    private mutating func take(_ page: EnvelopePage, at now: Instant, _ context: ActorContext<DaemonMessage>) {
        guard shared.takesPages(from: page.from) else { return }
        defer { shared.unfinishedBytes = assembly.bytes }
        do {
            if let envelope = try assembly.take(page, at: now) { handle(.received(envelope), context) }
        } catch {
            context.log.warning("a state in pages cannot be read: \(error)")
        }
    }

    private mutating func interpret(
        _ effect: MembershipEffect, _ cluster: Cluster?, _ context: ActorContext<DaemonMessage>
    ) {
        switch effect {
        case .send(let message, let to): send(message, to: to, at: to.address, cluster, context)
        case .contact(let message, let address):
            if case .clusterProbe = message { cluster?.remoting?.prove(address) }
            send(message, to: nil, at: address, cluster, context)
            // Probes have their own interval: they do not wait for the long backoff that many refused connections lead
            // to.
            if case .clusterProbe = message { cluster?.remoting?.hurry(address) }
        case .probeConnection(let message, let to):
            sendAside(message, to: to, cluster, context.system) { $0.probeConnection(to, at: $1, $2) }
        case .answer(let message, let to):
            sendAside(message, to: to, cluster, context.system) { $0.answer(to, at: $1, $2) }
        case .reconnect(let peer): cluster?.remoting?.reconnect(peer)
        case .schedule(let key, let deadline): schedule(key, at: deadline, context)
        case .cancel(let key): timers.removeValue(forKey: key)?.scheduled.cancel()
        case .repost(let key):
            timers.removeValue(forKey: key)?.scheduled.cancel()
            generation += 1
            timers[key] = RunningTimer(generation: generation, scheduled: NoTimer.shared)
            context.`self`.tell(.timer(key, generation: generation))
        case .acquireLease(let claim, let number): acquireLease(claim, number, cluster, context.`self`)
        case .releaseLease(let owner): cluster?.config.majorityLease?.release(owner: owner)
        case .withdrawLease(let owner): cluster?.config.majorityLease?.withdraw(owner: owner)
        case .publish(let event): cluster?.publish(event, causes: &causes)
        case .welcomed: cluster?.welcomed()
        case .runExitTasks: cluster?.runExitTasks()
        case .stop(let reason): cluster?.stop(reason)
        case .remember(let remembered): cluster?.remember(remembered)
        case .note(let notice):
            context.log.info("\(notice)")
            let inspector = context.system.inspector
            inspector.emit(.note, subject: inspector.name, detail: .membership(notice))
        }
    }

    private func acquireLease(
        _ claim: LeaseClaim, _ number: UInt64, _ cluster: Cluster?, _ me: ActorRef<DaemonMessage>
    ) {
        guard let lease = cluster?.config.majorityLease else {
            return me.tell(.leaseAnswered(number: number, .failure(LeaseError(.missing, "this node has no lease"))))
        }
        lease.acquire(claim) { me.tell(.leaseAnswered(number: number, $0)) }
    }

    private mutating func send(
        _ message: ClusterMessage, to: UniqueAddress?, at address: NodeAddress, _ cluster: Cluster?,
        _ context: ActorContext<DaemonMessage>
    ) {
        let gossip = message.gossip.map { bytes(of: $0) }
        shared.note(message, gossipBytes: gossip?.readableBytes)
        let envelope = ClusterEnvelope(from: myself, to: to, message: message, gossip: gossip)
        let peer = peer(address, context.system)
        guard let gossip else { return peer.tell(.received(envelope)) }
        for part in parts(of: envelope, gossip, cluster) { peer.tell(part) }
    }

    /// The messages to send: the envelope, or its pages where its state would take too much of a frame.
    private mutating func parts(
        of envelope: ClusterEnvelope, _ gossip: ByteBuffer, _ cluster: Cluster?
    ) -> [DaemonMessage] {
        let limit = (cluster?.remoting?.settings.frameLimit ?? WireLimits.frame) / 4
        let size = gossip.readableBytes
        cluster?.watchGossipSize(size, limit: limit)
        guard size > limit / 2 else { return [.received(envelope)] }
        lastPaged += 1
        return EnvelopePage.pages(of: envelope, number: lastPaged, size: limit / 2).map { .page($0) }
    }

    /// Sends a message outside the established connection.
    private mutating func sendAside(
        _ message: ClusterMessage, to: UniqueAddress, _ cluster: Cluster?, _ system: ActorSystem,
        _ send: (Remoting, ActorAddress, DaemonMessage) -> Void
    ) {
        guard let remoting = cluster?.remoting else { return }
        let gossip = message.gossip.map { bytes(of: $0) }
        shared.note(message, gossipBytes: gossip?.readableBytes)
        let envelope = ClusterEnvelope(from: myself, to: to, message: message, gossip: gossip)
        let messages = gossip.map { parts(of: envelope, $0, cluster) } ?? [.received(envelope)]
        for part in messages { send(remoting, Self.daemonAddress(at: to.address, system), part) }
    }

    private static func daemonAddress(at address: NodeAddress, _ system: ActorSystem) -> ActorAddress {
        ActorAddress(system: system.name, node: address, path: ["system", "cluster"], uid: 0)
    }

    private mutating func bytes(of gossip: Gossip) -> ByteBuffer {
        if let encoded, encoded.gossip == gossip { return encoded.bytes }
        var bytes = ByteBuffer()
        gossip.encode(into: &bytes)
        encoded = (gossip, bytes)
        return bytes
    }

    private mutating func schedule(_ key: TimerKey, at deadline: Instant, _ context: ActorContext<DaemonMessage>) {
        timers.removeValue(forKey: key)?.scheduled.cancel()
        generation += 1
        let (me, number) = (context.`self`, generation)
        timers[key] = RunningTimer(
            generation: number,
            scheduled: context.system.world.scheduler.schedule(at: deadline) {
                // Through the mailbox, so that messages that came before the timer are handled before it.
                me.tell(.timer(key, generation: number))
            })
    }

    /// Stops. A node that the others have not let go declares itself down: they need not find out by its silence, for
    /// which everything that needs agreement, such as the leaving of others, would have to wait.
    private mutating func end(_ context: ActorContext<DaemonMessage>) {
        for timer in timers.values { timer.scheduled.cancel() }
        guard link.cluster?.endsUnagreed == true else { return }
        let outcome = shared.change { $0.onEnd(at: context.now) }
        let gossip = shared.read(\.gossip)
        for case .send(let message, let to) in outcome.effects {
            if message == .exitingConfirmed {
                // To each itself: those that would relay the news may be the ones that have crashed.
                send(.gossipEnvelope(gossip), to: to, at: to.address, link.cluster, context)
            }
            send(message, to: to, at: to.address, link.cluster, context)
        }
    }

    private mutating func peer(_ address: NodeAddress, _ system: ActorSystem) -> ActorRef<DaemonMessage> {
        if let known = peers[address] { return known }
        // References are cheap to recreate; addresses named by peers must not fill the memory.
        if peers.count >= 1024 { peers = [:] }
        let ref = system.reference(to: Self.daemonAddress(at: address, system), as: DaemonMessage.self)
        peers[address] = ref
        return ref
    }
}

/// A placeholder for a timer that has already fired.
private final class NoTimer: ScheduledTimer {
    static let shared = NoTimer()

    func cancel() {}
}

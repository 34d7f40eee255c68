import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Synchronization

/// Everything between this node and one address: the connections, the queued messages, and the signals and watches of
/// the incarnation at that address.
///
/// **Lanes.** There are two lanes. Each has a queue and a connection of its own; the handshake states which lane a
/// connection serves. *Control* carries heartbeats, gossip, signals and the messages of the runtime's own actors.
/// *User* carries everything else. A lane is dialled when it has something to send; control is also dialled while a
/// connection to the peer is requested. Each lane loses, times out and dials its connection again without the other. So
/// neither a full user queue nor a user connection with stuck bytes delays a heartbeat. Only a node that cannot be
/// dialled, such as an observer, has both lanes on the one connection that it dials.
///
/// **Order.** Messages from one sender to one actor stay in one lane and keep their order. There is no order between
/// the lanes: the report of an actor's end may overtake its last messages, as a signal may overtake what is in the user
/// queue. The markers that end a sharding stream therefore travel on the user lane, behind the messages they end.
///
/// **Incarnations.** At most one incarnation lives at an address. When another one answers there on a connection that
/// this node dialled, the connections with the former one are closed. Messages for an actor of the former incarnation
/// are lost, its watchers are notified, and its asks fail. Messages to a path without a uid stay queued. A connection
/// that a former incarnation dialled is refused.
///
/// Decisions are made under the lock and carried out outside it, as ``Effect``s.
final class Association: Sendable {
    let address: NodeAddress
    /// A strong reference: ``Remoting/shutdown(completion:)`` and ``Remoting/abandon()`` break the cycle.
    let remoting: Remoting
    let state: Mutex<AssociationState>
    private let agreedCodec: Atomic<UInt8>
    private let peerReadsContexts = Atomic<Bool>(false)
    let framesIn = Atomic<UInt64>(0)
    let bytesIn = Atomic<UInt64>(0)

    init(with address: NodeAddress, _ remoting: Remoting, generator: SeededGenerator) {
        self.address = address
        self.remoting = remoting
        agreedCodec = Atomic(remoting.settings.codec.rawValue)
        state = Mutex(
            AssociationState(
                address: address, settings: remoting.settings,
                dialsOneConnection: remoting.cannotBeDialled || remoting.settings.mixesLanes,
                nonMemberBudget: remoting.nonMemberBudget, generator: generator))
    }

    /// The codec for user messages: the one agreed last, and before that the one this node prefers.
    var codec: CodecID { CodecID(rawValue: agreedCodec.load(ordering: .relaxed)) }

    /// Whether the peer knows messages that carry contexts, as far as it has said.
    var readsContexts: Bool { peerReadsContexts.load(ordering: .relaxed) }

    private func agree(with peer: Handshake.Peer) {
        agreedCodec.store(peer.codec.rawValue, ordering: .relaxed)
        peerReadsContexts.store(peer.capabilities.readsContexts, ordering: .relaxed)
    }

    /// Queues an encoded message and requests a connection that takes it.
    func enqueue(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        asker: AnyActorCell? = nil
    ) -> Delivery {
        guard let observer = remoting.observer else {
            return queue(destination, codec, lossClass, payload, asker: asker)
        }
        let message = ObservedMessage(to: destination, at: address, codec, payload)
        // Seen before another thread can write it.
        observer.queued(message)
        let delivery = queue(destination, codec, lossClass, payload, asker: asker)
        if case .refused(let reason) = delivery { observer.dropped(message.route, reason) }
        return delivery
    }

    private func queue(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        asker: AnyActorCell?
    ) -> Delivery {
        let (delivery, step) = state.withLock { $0.enqueue(destination, codec, lossClass, payload, asker) }
        if case .moved = step {
            return remoting.attach(self)?.queue(destination, codec, lossClass, payload, asker: asker)
                ?? .refused(.unreachable)
        }
        take(step)
        return delivery
    }

    /// Sends a signal, now or on a later connection.
    func send(_ signal: RemoteSignal) {
        let (step, isDropped) = state.withLock { $0.send(signal) }
        if case .moved = step {
            remoting.attach(self)?.send(signal)
            return
        }
        take(step)
        if isDropped, case .unanswered(let asker, _, _) = signal {
            remoting.system.inspector.lose(.bufferFull, .reply, target: asker.description, type: "unanswered")
        }
    }

    func keep(_ isKept: Bool) {
        let step = state.withLock { $0.isDetached ? .moved : $0.keep(isKept) }
        if case .moved = step { remoting.attach(self)?.keep(isKept) } else { take(step) }
    }

    func take(_ step: NextStep) {
        switch step {
        case .none, .moved: break
        case .write(let link): link.requestWrite()
        case .dial(let lanes): dial(lanes)
        }
    }

    /// Opens the connection that the state has decided on.
    private func dial(_ lanes: ConnectionLanes) {
        let link = Link(dialling: self, lanes)
        guard state.withLock({ $0.beginDialling(link) }) else { return }
        link.dial()
    }

    /// Decides about a peer that introduced itself on an accepted connection.
    func admit(_ link: Link, _ peer: Handshake.Peer) -> Admission {
        let (admission, effects) = state.withLock { $0.admit(link, peer, local: remoting.system.unique) }
        if admission == .welcome { agree(with: peer) }
        perform(effects)
        return admission
    }

    /// The peer has welcomed this node on a connection that this node dialled.
    ///
    /// - Returns: Whether the connection is still wanted.
    func welcomed(_ link: Link, by peer: Handshake.Peer) -> Bool {
        let (isWanted, effects) = state.withLock { $0.welcomed(link, by: peer) }
        if isWanted { agree(with: peer) }
        perform(effects)
        return isWanted
    }

    /// A connection, or an attempt to open one, has ended.
    func ended(_ link: Link, _ end: LinkEnd) { perform(state.withLock { $0.ended(link, end) }) }

    func expect(_ incarnation: UniqueAddress) { perform(state.withLock { $0.expect(incarnation) }) }

    func prove() { perform(state.withLock { $0.prove() }) }

    /// Dials the address to learn which incarnation lives there.
    private func ask(for incarnation: UniqueAddress) {
        let link = Link(dialling: incarnation, Batch(), self)
        link.isQuestion = true
        if state.withLock({ $0.beginAsking(link) }) { link.dialProbeConnection() }
    }

    /// The question which incarnation lives at the address has ended; `answerer` is `nil` where none answered.
    func asked(_ link: Link, answeredBy answerer: UniqueAddress?) {
        perform(state.withLock { $0.asked(link, answeredBy: answerer) })
    }

    func forget(_ incarnation: UniqueAddress, isRemoved: Bool) {
        perform(state.withLock { $0.forget(incarnation, isRemoved: isRemoved) })
    }

    /// Flushes the queues and sends a goodbye, if there is a connection; otherwise closes.
    func beginClosing() { perform(state.withLock { $0.beginClosing() }) }

    func close() { perform(state.withLock { $0.close() }) }

    /// Drops its connections and everything queued, without notifying anyone: the node was killed.
    func letGo() {
        let former = state.withLock { state in
            let former = state
            state = AssociationState(
                address: address, settings: remoting.settings, nonMemberBudget: former.nonMemberBudget,
                generator: former.generator)
            state.lifecycle = .closing
            (state.control.phase, state.user.phase) = (.closed, .closed)
            return former
        }
        // Released outside the lock: releasing the queued messages may run their deinitializers.
        withExtendedLifetime(former) {}
    }

    func perform(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .write(let link): link.requestWrite()
            case .watchOver(let link): watchOver(link)
            case .close(let link): link.abandon(orderly: true)
            case .reset(let link): link.abandon(orderly: false)
            case .lose(let frames, let reason):
                for frame in frames { lose(frame, reason) }
                if let observer = remoting.observer {
                    for frame in frames { observer.dropped(frame.destination.route(to: address), reason) }
                }
                remoting.hooks.gaveUp(address)
            case .terminated(let watch):
                watch.watcher.target.post(.terminated(Terminated(ref: watch.watched, reason: .nodeRemoved)))
            case .unwatch(let watch): watch.watched.post(.unwatch(watch.watcher, AnyActorRef(watch.watched)))
            case .failAsks: remoting.system.failAsks(to: address)
            case .introduce(let peer): remoting.hooks.peerIncarnation(peer)
            case .askForIncarnation(let incarnation): ask(for: incarnation)
            case .contradicted(let claimed, let present): remoting.contradicted(claimed, by: present)
            case .lost(let peer): remoting.hooks.connectionLost(peer)
            case .failed(let error): remoting.hooks.connectFailed(address, error)
            case .retry(let delay, let lane, let attempt):
                _ = remoting.system.world.scheduler.schedule(after: delay) { [self] in
                    take(state.withLock { $0.retry(lane, attempt) })
                }
            case .changed: remoting.system.inspector.touch()
            case .closed: remoting.associationClosed()
            case .gone: remoting.drop(self)
            }
        }
    }

    func lose(_ frame: QueuedFrame, _ reason: LossReason) {
        frame.asker?.post(
            .unanswered(
                AskError.Code(reason),
                "\(frame.destination.shownType) never left \(remoting.system.address) for \(address)")
        )
        guard let lossClass = frame.lossClass else { return }
        remoting.system.inspector.lose(
            reason, lossClass, target: frame.destination.address.description, type: frame.destination.shownType)
    }

    /// Checks a connection once per keep-alive pause: pings where this end was silent, and closes the connection where
    /// the peer was silent for too long.
    private func watchOver(_ link: Link) {
        link.scheduleKeepAlive { [self] in
            let seen = link.bytesIn.load(ordering: .relaxed)
            guard let effects = state.withLock({ $0.lookAfter(link, bytesIn: seen) }) else { return }
            perform(effects)
        }
    }
}

/// What follows from a decision about an association.
enum Effect: Sendable {
    case write(Link)
    /// Check the connection after one keep-alive pause.
    case watchOver(Link)
    case close(Link)
    case reset(Link)
    case lose([QueuedFrame], LossReason)
    /// The watched actor's node is gone.
    case terminated(WatchTable.Watch)
    /// The watcher's node is gone.
    case unwatch(HeldWatches.Watch)
    case failAsks
    /// An incarnation answered on a connection that this node dialled.
    case introduce(UniqueAddress)
    /// Dial the address to learn which incarnation answers.
    case askForIncarnation(UniqueAddress)
    /// An incarnation claimed the address of another one that still answers there.
    case contradicted(UniqueAddress, by: UniqueAddress)
    case lost(UniqueAddress)
    case failed(TransportError)
    case retry(Duration, FrameLane, attempt: UInt64)
    /// What a snapshot shows has changed.
    case changed
    /// The association is closed permanently.
    case closed
    /// An observer is gone and cannot be reached again.
    case gone
}

/// What follows from queueing something.
enum NextStep: Sendable {
    case none
    case write(Link)
    case dial(ConnectionLanes)
    /// Nothing was done: the association is detached, and the table may hold another one for its address.
    case moved
}

/// Whether a peer is admitted.
enum Admission: Sendable, Equatable {
    case welcome
    case refuse(RefusalReason, String)
}

/// How a connection, or an attempt to open one, ended.
struct LinkEnd: Sendable {
    var error: TransportError
    /// The peer refused because another connection serves the pair. This is not a failure.
    var isDuplicate = false
    /// The incarnation that answered, if one did.
    var answerer: UniqueAddress?
}

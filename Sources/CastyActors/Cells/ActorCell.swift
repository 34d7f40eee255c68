package import CastyCore
public import CastyObservability
public import Synchronization

/// The mailbox and turn of an actor, or the route to what is no actor of this node.
///
/// A batch mailbox: producers append under a lock held for a few instructions; the turn swaps the whole batch out and handles it
/// without a lock. The hot functions are inlinable, so that they are compiled for the message type where it is known.
@usableFromInline
package final class ActorCell<Message: Sendable>: AnyActorCell, @unchecked Sendable {
    /// Where messages go if this is no actor of this node.
    @usableFromInline let route: (any Route<Message>)?
    @usableFromInline let inbox: Mutex<Mailbox<Message>>
    /// Whether signals wait; read between messages so that a stop need not wait for the end of a batch.
    @usableFromInline let signalled = Atomic<Bool>(false)
    /// Whether and how somebody else has a say in this actor's turns.
    let hooks: CellHooks<Message>?
    @usableFromInline let isHooked: Bool
    /// Children by name. Behind a lock of its own because lookups by path come from other threads.
    let children = Mutex(Family())

    // What follows belongs to the turn.
    @usableFromInline @exclusivity(unchecked) var batch: [Message] = []
    @usableFromInline @exclusivity(unchecked) var next = 0
    @usableFromInline @exclusivity(unchecked) var behavior: Behavior<Message>
    @usableFromInline @exclusivity(unchecked) var life = Life.starting
    @exclusivity(unchecked) var initial: Behavior<Message>
    @exclusivity(unchecked) var extras: ColdState<Message>?
    /// How many of the accepted messages were handled before the present batch.
    @usableFromInline @exclusivity(unchecked) var consumed: UInt64 = 0

    /// Where an actor stands in its life; only its turn changes it.
    @usableFromInline
    package enum Life: UInt8 {
        case starting, running, restarting, stopping, stopped
    }

    /// Creates an actor's cell; it starts when it is first scheduled.
    @usableFromInline
    package init(
        system: ActorSystem, name: String, parent: AnyActorCell?, uid: UInt64, traffic: LossClass,
        behavior: sending Behavior<Message>, capacity: Int, turn: @escaping @Sendable (AnyActorCell, Int) -> Void,
        hooks: CellHooks<Message>? = nil
    ) {
        route = nil
        self.hooks = hooks
        isHooked = hooks != nil
        inbox = Mutex(Mailbox(capacity: capacity))
        initial = behavior
        self.behavior = .empty
        super.init(system: system, name: name, parent: parent, uid: uid, traffic: traffic, turn: turn)
    }

    /// Creates a target that hands its messages to a route.
    package init(system: ActorSystem, route: any Route<Message>, uid: UInt64, traffic: LossClass) {
        self.route = route
        hooks = nil
        isHooked = false
        inbox = Mutex(Mailbox(capacity: 0))
        initial = .empty
        behavior = .empty
        life = .stopped
        super.init(system: system, name: "", parent: nil, uid: uid, traffic: traffic, turn: { _, _ in })
    }

    override package var address: ActorAddress { route?.address ?? super.address }

    /// Delivers a message, or enters it in the loss ledger.
    @inlinable
    package func tell(_ message: Message) {
        switch offer(message) {
        case .accepted, .accounted: break
        case let refusal: system.lose(message, to: self, because: refusal)
        }
    }

    /// Delivers a message, or says why not; what is refused is for the caller to account for.
    @inlinable
    package func offer(_ message: Message) -> Delivery {
        if let route { return route.deliver(message) }
        let delivery = inbox.withLock { $0.append(message) }
        if case .acceptedIdle = delivery {
            requestTurn()
            return .accepted
        }
        return delivery
    }

    /// Delivers a question, which is told which of the accepted messages it is.
    func offer(_ message: Message, asking pending: some AnyPendingAsk) -> Delivery {
        if let route { return route.deliver(message) }
        let delivery = inbox.withLock { state -> Delivery in
            let delivery = state.append(message)
            // Before the lock is open: the actor may handle the question, or end, at once.
            pending.number.store(state.accepted, ordering: .relaxed)
            return delivery
        }
        if case .acceptedIdle = delivery {
            requestTurn()
            return .accepted
        }
        return delivery
    }

    override package func abandon() { forgetEverything() }

    override package var isOver: Bool { route?.isOver ?? inbox.withLock { $0.status == .terminated } }

    override package func post(_ message: SystemMessage) {
        if let route { return route.post(message) }
        let delivery = inbox.withLock { state -> Delivery in
            if state.status == .terminated { return .noSuchActor }
            state.signals.append(message)
            signalled.store(true, ordering: .releasing)
            if state.status == .idle {
                state.status = .scheduled
                return .acceptedIdle
            }
            return .accepted
        }
        switch delivery {
        case .acceptedIdle: requestTurn()
        case .noSuchActor: refuse(message)
        case .accepted, .wrongIncarnation, .mailboxFull, .unreachable, .bufferFull, .undecodable, .lateReply,
            .accounted:
            break
        }
    }

    /// A stopped actor still answers those who begin to watch it.
    func refuse(_ message: SystemMessage) {
        if case .watch(let watcher, let watched) = message {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
        }
    }

    /// Stops the actor when it has handled all that waits now; what comes later is refused.
    override package func stopAfterMailbox() {
        let wake = inbox.withLock { state -> Bool in
            if state.status == .terminated { return false }
            state.capacity = 0
            state.stopsWhenEmpty = true
            defer { state.status = .scheduled }
            return state.status == .idle
        }
        if wake { requestTurn() }
    }

    override package func child(named name: String) -> AnyActorCell? {
        children.withLock { $0.child(named: name) }
    }

    override package var livingChildren: [AnyActorCell] { children.withLock { $0.ordered } }

    override package func questionLeft(for node: NodeAddress) { route?.questionLeft(for: node) }

    override package func questionFailed(_ failure: AskFailure) {
        if let route { route.questionFailed(failure) } else { super.questionFailed(failure) }
    }

    /// How many messages wait; an estimate while the actor runs.
    override package var waiting: Int { inbox.withLock { $0.messages.count } }
}

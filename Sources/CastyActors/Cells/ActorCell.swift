public import CastyCore
public import CastyObservability
public import Synchronization

/// The mailbox and turn of an actor.
///
/// A batch mailbox: producers append under a lock held for a few instructions, and the turn swaps out the whole batch
/// and handles it without a lock. The hot functions are inlinable, so that they are compiled for the message type where
/// it is known.
@usableFromInline
package final class ActorCell<Message: Sendable>: MessageCell<Message>, @unchecked Sendable {
    @usableFromInline let mailbox: Mutex<Mailbox<Message>>
    /// Whether signals wait. Read between messages, so that a stop does not wait for the end of a batch.
    @usableFromInline let signalled = Atomic<Bool>(false)
    /// The hooks of the runtime part that controls this actor's turns, if any.
    let hooks: CellHooks<Message>?
    @usableFromInline let isHooked: Bool
    /// Whether messages are encoded and decoded on their way to it: a debug setting.
    @usableFromInline let copiesMessages: Bool
    /// Children by name. They have a lock of their own because lookups by path come from other threads.
    let children = Mutex(Family())

    // The properties below belong to the turn.
    @usableFromInline @exclusivity(unchecked) var batch: [Message] = []
    @usableFromInline @exclusivity(unchecked) var next = 0
    @usableFromInline @exclusivity(unchecked) var behavior: Behavior<Message>
    @usableFromInline @exclusivity(unchecked) var lifecycle = Lifecycle.starting
    /// Whether an asynchronous handler runs. The actor handles no other message until it has ended.
    @usableFromInline @exclusivity(unchecked) var isSuspended = false
    /// Whether the turns that follow are for other threads.
    @usableFromInline @exclusivity(unchecked) var changesDispatcher = false
    /// Whether the end of each batch is noted, for a receive timeout.
    @usableFromInline @exclusivity(unchecked) var notesActivity = false
    @exclusivity(unchecked) var initial: Behavior<Message>
    @exclusivity(unchecked) var coldState: ColdState<Message>?
    /// How many of the accepted messages were handled before the current batch.
    @usableFromInline @exclusivity(unchecked) var consumed: UInt64 = 0

    /// The lifecycle state of an actor. Only its turn changes it.
    @usableFromInline
    package enum Lifecycle: UInt8 {
        case starting, running, restarting, stopping, stopped
    }

    /// Creates an actor's cell; it starts when it is first scheduled.
    @usableFromInline
    package init(
        system: ActorSystem, name: String, parent: AnyActorCell?, uid: UInt64, traffic: LossClass,
        behavior: sending Behavior<Message>, capacity: Int, dispatcher: DispatcherKind,
        turn: @escaping @Sendable (AnyActorCell, Int) -> Void, hooks: CellHooks<Message>? = nil
    ) {
        self.hooks = hooks
        isHooked = hooks != nil
        copiesMessages = system.localCodec != nil && traffic == .user
        mailbox = Mutex(Mailbox(capacity: capacity))
        initial = behavior
        self.behavior = .empty
        super.init(
            system: system, form: .actor, name: name, parent: parent, uid: uid, traffic: traffic,
            dispatcher: dispatcher, turn: turn)
    }

    /// Puts a message into the mailbox or returns why not. The caller accounts for a refused message.
    @inlinable
    func put(_ message: Message) -> Delivery {
        if copiesMessages { return offerCopy(of: message) { $0.append($1) } }
        let delivery = mailbox.withLock { $0.append(message) }
        if case .acceptedIdle = delivery {
            requestTurn()
            return .accepted
        }
        return delivery
    }

    /// Puts a question into the mailbox and stores in it its position among the accepted messages.
    @inlinable
    func put<Reply: Sendable>(_ message: Message, asking pending: PendingAsk<Reply>) -> Delivery {
        if copiesMessages { return offerCopy(of: message) { Self.append($1, to: &$0, asking: pending) } }
        let delivery = mailbox.withLock { Self.append(message, to: &$0, asking: pending) }
        if case .acceptedIdle = delivery {
            requestTurn()
            return .accepted
        }
        return delivery
    }

    @inlinable
    static func append<Reply: Sendable>(
        _ message: Message, to state: inout Mailbox<Message>, asking pending: PendingAsk<Reply>
    ) -> Delivery {
        let delivery = state.append(message)
        // Before the lock is released: afterwards the actor may handle the question, or end, at once.
        pending.number.store(state.accepted, ordering: .relaxed)
        return delivery
    }

    override package func abandon() { forgetEverything() }

    override package var isOver: Bool { mailbox.withLock { $0.status == .terminated } }

    override package func post(_ message: SystemMessage) {
        let delivery = mailbox.withLock { state -> Delivery in
            if state.status == .terminated { return .refused(.noSuchActor) }
            state.signals.append(message)
            signalled.store(true, ordering: .releasing)
            if state.status == .idle || state.status == .suspended {
                state.status = .scheduled
                return .acceptedIdle
            }
            return .accepted
        }
        switch delivery {
        case .acceptedIdle: requestTurn()
        case .refused: refuse(message)
        case .accepted, .accounted: break
        }
    }

    /// A stopped actor still answers new watches.
    func refuse(_ message: SystemMessage) {
        if case .watch(let watcher, let watched) = message {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
        }
    }

    /// Stops the actor when it has handled all messages that wait now. Later messages are refused.
    override package func stopAfterMailbox() {
        let wake = mailbox.withLock { state -> Bool in
            if state.status == .terminated { return false }
            state.capacity = 0
            state.stopsWhenEmpty = true
            guard state.status == .idle else { return false }
            state.status = .scheduled
            return true
        }
        if wake { requestTurn() }
    }

    override package func child(named name: String) -> AnyActorCell? {
        children.withLock { $0.child(named: name) }
    }

    override package var livingChildren: [AnyActorCell] { children.withLock { $0.ordered } }

    override package func someChildren(_ limit: Int) -> [AnyActorCell] { children.withLock { $0.some(limit) } }

    /// The number of waiting messages, without those of the batch that the actor is handling.
    override package var waiting: Int { mailbox.withLock { $0.messages.count } }
}

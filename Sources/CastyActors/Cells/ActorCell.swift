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
    // The order of the properties leaves no gaps, and keeps what producers write more than a cache line from what the
    // turn uses for each message.
    @usableFromInline let isHooked: Bool
    /// Whether more is done with a message on its way: it is encoded and decoded, or carries its sender's context.
    @usableFromInline let takesDetour: Bool

    // The lock of the mailbox protects the next properties, up to `signals`.
    /// How many messages may wait; ``unlimited`` is no limit.
    @usableFromInline @exclusivity(unchecked) var capacity: UInt32
    @usableFromInline @exclusivity(unchecked) var inbox = MessageBuffer<Message>()
    /// The number of messages accepted so far.
    @usableFromInline @exclusivity(unchecked) var accepted: UInt64 = 0
    @usableFromInline @exclusivity(unchecked) var signals: [SystemMessage] = []

    /// The hooks of the runtime part that controls this actor's turns, if any.
    private let hooksBox: HooksBox<Message>?
    /// Children by name. They have a lock of their own because lookups by path come from other threads.
    private let familyReference = Atomic<Unmanaged<Family>?>(nil)

    // The properties below belong to the turn.
    @exclusivity(unchecked) var coldState: ColdState<Message>?
    @exclusivity(unchecked) var initial: Behavior<Message>
    @usableFromInline let isBounded: Bool
    @usableFromInline @exclusivity(unchecked) var behavior: Behavior<Message>
    /// Whether signals wait. Read between messages, so that a stop does not wait for the end of a batch.
    @usableFromInline let signalled = Atomic<Bool>(false)
    @usableFromInline @exclusivity(unchecked) var lifecycle = Lifecycle.starting
    /// Whether an asynchronous handler runs. The actor handles no other message until it has ended.
    @usableFromInline @exclusivity(unchecked) var isSuspended = false
    /// Whether the turns that follow are for other threads.
    @usableFromInline @exclusivity(unchecked) var changesDispatcher = false
    /// Whether the end of each batch is noted, for a receive timeout.
    @usableFromInline @exclusivity(unchecked) var notesActivity = false
    @usableFromInline @exclusivity(unchecked) var batch = MessageBuffer<Message>()
    @usableFromInline @exclusivity(unchecked) var next: UInt32 = 0
    /// How many messages of the batch are still to be handled, for others to read.
    @usableFromInline let unhandled = Atomic<UInt32>(0)
    /// How many of the accepted messages were handled before the current batch.
    @usableFromInline @exclusivity(unchecked) var consumed: UInt64 = 0

    /// The capacity of a mailbox that has no bound. A bound beyond it is none either: a buffer holds no more messages.
    @inlinable static var unlimited: UInt32 { .max }

    var hooks: CellHooks<Message>? { hooksBox?.hooks }

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
        hooksBox = hooks.map { HooksBox($0) }
        isHooked = hooks != nil
        takesDetour = system.localCodec != nil && traffic == .user || system.tracing != nil
        self.capacity = UInt32(clamping: capacity)
        isBounded = self.capacity != Self.unlimited
        if let tracing = system.tracing {
            initial = behavior.traced(by: tracing)
        } else {
            initial = behavior
        }
        self.behavior = .empty
        super.init(
            system: system, form: .actor, name: name, parent: parent, uid: uid, traffic: traffic,
            dispatcher: dispatcher, turn: turn)
    }

    override package func abandon() { forgetEverything() }

    override package var isOver: Bool { mailbox.current.has(.terminated) }

    override package func post(_ message: SystemMessage) {
        let state = lockMailbox()
        if state.has(.terminated) {
            mailbox.unlock(state)
            return refuse(message)
        }
        signals.append(message)
        signalled.store(true, ordering: .releasing)
        let isDue = state.has(.scheduled)
        mailbox.unlock(state.without(.suspended).with(.scheduled).with(.signals))
        if !isDue { requestTurn() }
    }

    /// A stopped actor still answers new watches.
    func refuse(_ message: SystemMessage) {
        if case .watch(let watcher, let watched) = message {
            watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
        }
    }

    /// Stops the actor when it has handled all messages that wait now. Later messages are refused.
    override package func stopAfterMailbox() {
        let state = lockMailbox()
        if state.has(.terminated) { return mailbox.unlock(state) }
        capacity = 0
        let isResting = !state.has(.scheduled) && !state.has(.suspended)
        let draining = state.with(.stopsWhenEmpty)
        mailbox.unlock(isResting ? draining.with(.scheduled) : draining)
        if isResting { requestTurn() }
    }

    /// Its children; `nil` while it has had none. Set once and kept.
    ///
    /// Not an `AtomicLazyReference`, whose functions are not specialised: each use would look up metadata.
    var family: Family? { familyReference.load(ordering: .acquiring)?.takeUnretainedValue() }

    /// Its children, who are these from now on if it has had none.
    func family(orElse first: @autoclosure () -> Family) -> Family {
        if let family { return family }
        let mine = Unmanaged.passRetained(first())
        let (isMine, other) = familyReference.compareExchange(
            expected: nil, desired: mine, ordering: .acquiringAndReleasing)
        if isMine { return mine.takeUnretainedValue() }
        mine.release()
        return other.map { $0.takeUnretainedValue() } ?? Family.childless
    }

    override package func child(named name: String) -> AnyActorCell? { family?.child(named: name) }

    override package var livingChildren: [AnyActorCell] { family?.ordered ?? [] }

    override package func someChildren(_ limit: Int) -> [AnyActorCell] { family?.some(limit) ?? [] }

    /// The number of waiting messages.
    override package var waiting: Int {
        let state = lockMailbox()
        defer { mailbox.unlock(state) }
        return Int(inbox.count) + Int(unhandled.load(ordering: .relaxed))
    }

    deinit {
        familyReference.load(ordering: .acquiring)?.release()
        _ = batch.removeAll(from: next)
        _ = inbox.removeAll(from: 0)
    }
}

/// Keeps the hooks of the few cells that have any out of the others.
private final class HooksBox<Message: Sendable>: Sendable {
    let hooks: CellHooks<Message>

    init(_ hooks: CellHooks<Message>) { self.hooks = hooks }
}

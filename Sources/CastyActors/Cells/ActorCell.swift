public import CastyCore
public import CastyObservability
public import Synchronization

/// The mailbox and turn of an actor.
///
/// A batch mailbox: producers append under a lock held for a few instructions, and the turn swaps out the whole batch
/// and handles it without a lock. The hot functions are inlinable, so that they are compiled for the message type where
/// it is known.
@usableFromInline
package class ActorCell<Message: Sendable>: MessageCell<Message>, @unchecked Sendable {
    // The order of the properties leaves no gaps, and keeps what producers write for each message apart from what the
    // turn writes for each. What one of them writes seldom is between them. A behavior has 17 bytes; what follows one
    // fills the gap behind it.
    /// What it was made as.
    @usableFromInline final let traits: CellTraits
    /// Whether signals wait. Read between messages, so that a stop does not wait for the end of a batch.
    @usableFromInline final let signalled = Atomic<Bool>(false)
    /// How many messages may wait; ``unlimited`` is no limit. The lock of the mailbox protects it.
    @usableFromInline @exclusivity(unchecked) final var capacity: UInt32

    // The lock of the mailbox protects the next properties, up to `signals`.
    @usableFromInline @exclusivity(unchecked) final var inbox = MessageBuffer<Message>()
    /// The number of messages accepted so far.
    @usableFromInline @exclusivity(unchecked) final var accepted: UInt64 = 0
    @usableFromInline @exclusivity(unchecked) final var signals: [SystemMessage] = []

    // The properties below belong to the turn, except the slot. It writes seldom what comes before `behavior`.
    @usableFromInline @exclusivity(unchecked) final var coldState: ColdState<Message>?
    @usableFromInline @exclusivity(unchecked) final var initial: Behavior<Message>
    @usableFromInline @exclusivity(unchecked) final var lifecycle = Lifecycle.starting
    /// Whether an asynchronous handler runs. The actor handles no other message until it has ended.
    @usableFromInline @exclusivity(unchecked) final var isSuspended = false
    /// Whether the turns that follow are for other threads.
    @usableFromInline @exclusivity(unchecked) final var changesDispatcher = false
    @usableFromInline @exclusivity(unchecked) final var slotInFamily = AnyActorCell.noSlot
    @usableFromInline @exclusivity(unchecked) final var behavior: Behavior<Message>
    /// Whether the end of each batch is noted, for a receive timeout.
    @usableFromInline @exclusivity(unchecked) final var notesActivity = false
    /// How many messages of the batch, its last ones, are still to be handled. Others may read it.
    @usableFromInline final let unhandled = Atomic<UInt32>(0)
    @usableFromInline @exclusivity(unchecked) final var batch = MessageBuffer<Message>()

    /// Where the next message is in the batch.
    @inlinable @inline(__always) final var next: UInt32 { batch.count &- unhandled.load(ordering: .relaxed) }
    /// Whether all messages of the batch are handled.
    @inlinable @inline(__always) final var isBatchDone: Bool { unhandled.load(ordering: .relaxed) == 0 }

    @usableFromInline override final var familySlot: UInt32 {
        get { slotInFamily }
        set { slotInFamily = newValue }
    }

    /// The capacity of a mailbox that has no bound. A bound beyond it is none either: a buffer holds no more messages.
    @inlinable static var unlimited: UInt32 { .max }

    /// The hooks of the runtime part that controls this actor's turns, if any.
    final var hooks: CellHooks<Message>? {
        traits.contains(.hooked) ? unsafeDowncast(self, to: HookedActorCell<Message>.self).cellHooks : nil
    }

    @inlinable @inline(__always) final var isHooked: Bool { traits.contains(.hooked) }
    @inlinable @inline(__always) final var isBounded: Bool { traits.contains(.bounded) }
    @inlinable @inline(__always) final var takesDetour: Bool { traits.contains(.detour) }

    /// How many of the accepted messages were handled before the current batch; on its turn only.
    final var consumed: UInt64 {
        let state = lockMailbox()
        defer { mailbox.unlock(state) }
        return accepted &- UInt64(inbox.count) &- UInt64(batch.count)
    }

    /// The lifecycle state of an actor. Only its turn changes it.
    @usableFromInline
    package enum Lifecycle: UInt8 {
        case starting, running, restarting, stopping, stopped
    }

    /// Creates an actor's cell; it starts when it is first scheduled.
    @inlinable
    package init(
        system: ActorSystem, name: String, parent: AnyActorCell?, uid: UInt64, traffic: LossClass,
        behavior: sending Behavior<Message>, capacity: Int, dispatcher: DispatcherKind,
        turn: @escaping @Sendable (AnyActorCell, TurnGrant) -> Void, isHooked: Bool = false
    ) {
        self.capacity = UInt32(clamping: capacity)
        var traits: CellTraits = isHooked ? .hooked : []
        if self.capacity != UInt32.max { traits.insert(.bounded) }
        if system.detours(traffic) { traits.insert(.detour) }
        self.traits = traits
        if system.tracing == nil {
            initial = behavior
        } else {
            initial = behavior.traced(in: system)
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
    final func refuse(_ message: SystemMessage) {
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

    /// The number of waiting messages.
    override package var waiting: Int {
        let state = lockMailbox()
        defer { mailbox.unlock(state) }
        return Int(inbox.count) + Int(unhandled.load(ordering: .relaxed))
    }

    deinit {
        batch.end(from: next)
        inbox.end(from: 0)
    }
}

/// What an actor's cell was made as.
@usableFromInline
struct CellTraits: OptionSet, Sendable {
    @usableFromInline let rawValue: UInt8

    @inlinable
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A part of the runtime controls its turns.
    @inlinable static var hooked: CellTraits { CellTraits(rawValue: 1) }
    /// Its mailbox has a bound.
    @inlinable static var bounded: CellTraits { CellTraits(rawValue: 2) }
    /// More is done with a message on its way: it is encoded and decoded, or carries its sender's context.
    @inlinable static var detour: CellTraits { CellTraits(rawValue: 4) }
}

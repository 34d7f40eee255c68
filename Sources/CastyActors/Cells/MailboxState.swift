public import Synchronization

/// What producers and the turn of an actor tell each other, in one word: the lock of its mailbox and what is in it.
///
/// ```
///            append, signal                the batch is empty
///     idle ─────────────────▶ scheduled ─────────────────────▶ idle
///      ▲                       │     ▲
///      └──────── rest ─────────┘     └─ signal ── suspended    a handler waits: messages do not bring a turn
/// ```
///
/// The word changes only while it is not locked, by a compare-exchange, or by the owner of the lock. So taking the lock is
/// the only contended step of a message, and releasing it is a plain store. The lock is held for some instructions. It is
/// not `Synchronization.Mutex`, which waits in the kernel and hands itself to the one that waits: two threads that use one
/// mailbox all the time then sleep and wake for each message.
@usableFromInline
package struct MailboxState: Hashable, Sendable {
    @usableFromInline var rawValue: UInt32

    @inlinable
    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No turn is due, and nothing waits.
    @inlinable static var idle: MailboxState { MailboxState(rawValue: 0) }
    @inlinable static var locked: MailboxState { MailboxState(rawValue: 1) }
    /// A turn is due or running.
    @inlinable static var scheduled: MailboxState { MailboxState(rawValue: 2) }
    /// No turn is due before a signal arrives: an asynchronous handler waits.
    @inlinable static var suspended: MailboxState { MailboxState(rawValue: 4) }
    /// Messages wait outside the batch.
    @inlinable static var mail: MailboxState { MailboxState(rawValue: 8) }
    /// Signals wait.
    @inlinable static var signals: MailboxState { MailboxState(rawValue: 16) }
    /// The actor stops once its mailbox is empty.
    @inlinable static var stopsWhenEmpty: MailboxState { MailboxState(rawValue: 32) }
    /// The actor has stopped and accepts nothing more.
    @inlinable static var terminated: MailboxState { MailboxState(rawValue: 64) }

    @inlinable
    func has(_ flag: MailboxState) -> Bool { rawValue & flag.rawValue != 0 }

    @inlinable
    func with(_ flag: MailboxState) -> MailboxState { MailboxState(rawValue: rawValue | flag.rawValue) }

    @inlinable
    func without(_ flag: MailboxState) -> MailboxState { MailboxState(rawValue: rawValue & ~flag.rawValue) }
}

/// The word of a mailbox.
@usableFromInline
package struct MailboxWord: ~Copyable, Sendable {
    @usableFromInline let word: Atomic<UInt32>

    @inlinable
    init(_ state: MailboxState) { word = Atomic(state.rawValue) }

    @inlinable
    var current: MailboxState { MailboxState(rawValue: word.load(ordering: .acquiring)) }

    /// Takes the lock, if nothing is in the way. Returns the state before.
    @inlinable @inline(__always)
    func tryLock() -> MailboxState? {
        let state = MailboxState(rawValue: word.load(ordering: .relaxed))
        if state.has(.locked) { return nil }
        let isMine = word.compareExchange(
            expected: state.rawValue, desired: state.with(.locked).rawValue, successOrdering: .acquiring,
            failureOrdering: .relaxed
        ).exchanged
        return isMine ? state : nil
    }

    /// Releases the lock and leaves a state without it.
    @inlinable @inline(__always)
    func unlock(_ state: MailboxState) { word.store(state.rawValue, ordering: .releasing) }

    /// Goes from one state to another if nothing has changed meanwhile.
    @inlinable @inline(__always)
    func move(from old: MailboxState, to new: MailboxState) -> Bool {
        word.compareExchange(
            expected: old.rawValue, desired: new.rawValue, successOrdering: .acquiringAndReleasing,
            failureOrdering: .relaxed
        ).exchanged
    }
}

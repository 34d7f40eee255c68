import CastyCore
public import Synchronization

/// What the actors of one system count together.
///
/// Each turn adds to the messages handled, so there are several counters for them, in cache lines of their own. The first
/// is shared; each other one belongs to a thread, which adds to it without an atomic step, see ``TurnGrant``.
@usableFromInline
struct SystemCounters: ~Copyable, @unchecked Sendable {
    private static var stripes: Int { TurnGrant.stripes }
    /// Words between two counters: two cache lines, because processors fetch them in pairs.
    @inlinable static var step: Int { 16 }

    private static var uids: Int { stripes * step }
    private static var actors: Int { (stripes + 1) * step }
    private static var count: Int { (stripes + 2) * step }

    @usableFromInline let words: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        words = .allocate(capacity: Self.count)
        for index in 0..<Self.count { (words + index).initialize(to: Atomic(0)) }
    }

    deinit {
        words.deinitialize(count: Self.count)
        words.deallocate()
    }

    /// The next number for an actor, a question or an adapter; the first is 1.
    func assignNumber() -> UInt64 { words[Self.uids].wrappingAdd(1, ordering: .relaxed).newValue }

    /// How many numbers were assigned.
    var numbersAssigned: UInt64 { words[Self.uids].load(ordering: .relaxed) }

    func actorStarted() { words[Self.actors].wrappingAdd(1, ordering: .relaxed) }

    func actorStopped() { words[Self.actors].wrappingSubtract(1, ordering: .relaxed) }

    /// How many actors live.
    var live: Int { Int(truncatingIfNeeded: words[Self.actors].load(ordering: .relaxed)) }

    /// Counts messages that an actor has handled.
    @inlinable @inline(__always)
    func addHandled(_ count: UInt64, on stripe: Int) {
        let word = words + stripe &* Self.step
        if stripe == 0 {
            word.pointee.wrappingAdd(count, ordering: .relaxed)
        } else {
            word.pointee.store(word.pointee.load(ordering: .relaxed) &+ count, ordering: .relaxed)
        }
    }

    /// How many messages all actors have handled.
    var handled: UInt64 {
        (0..<Self.stripes).reduce(0) { $0 &+ words[$1 * Self.step].load(ordering: .relaxed) }
    }
}

public import Synchronization

/// What the actors of one system count together.
///
/// Each turn adds to the messages handled, so there are several counters for them, in cache lines of their own: workers
/// that count at the same time hardly meet, and what is next to a counter is not taken from the other cores.
@usableFromInline
struct SystemCounters: ~Copyable, @unchecked Sendable {
    private static var stripes: Int { 8 }
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
    func addHandled(_ count: UInt64, by uid: UInt64) {
        words[Int(truncatingIfNeeded: uid & 7) &* Self.step].wrappingAdd(count, ordering: .relaxed)
    }

    /// How many messages all actors have handled.
    var handled: UInt64 {
        (0..<Self.stripes).reduce(0) { $0 &+ words[$1 * Self.step].load(ordering: .relaxed) }
    }
}

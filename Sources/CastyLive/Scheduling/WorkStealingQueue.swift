import CastyCore
import Synchronization

/// A runnable that waits for its turn, retained once, and the view through which it was scheduled.
struct Turn: @unchecked Sendable {
    let runnable: Unmanaged<Runnable>
    /// Not retained: the pool retains its views until it is shut down.
    let view: Unmanaged<LiveDispatcher>
}

/// A worker's queue of turns: its owner appends and takes, other workers steal the older half.
///
/// The queue has two counters that only grow. A slot is taken by moving `head` past it with a compare-exchange. A thief
/// reads slots before its exchange and uses what it read only if the exchange succeeds, so a slot overwritten in the
/// meantime does no harm.
final class WorkStealingQueue: @unchecked Sendable {
    /// The number of slots, less one: a power of two has only ones below it.
    private let mask: UInt
    private var capacity: UInt { mask &+ 1 }

    private struct Slot: ~Copyable {
        let runnable = Atomic<Unmanaged<Runnable>?>(nil)
        let view = Atomic<Unmanaged<LiveDispatcher>?>(nil)
    }

    /// All takers move the head, only the owner moves the tail. Each has a cache line of its own.
    private let counters: UnsafeMutablePointer<Atomic<UInt>>
    private let slots: UnsafeMutablePointer<Slot>
    private static let headIndex = 8
    private static let tailIndex = 24

    /// - Parameter capacity: How many turns it holds, a power of two.
    init(capacity: Int = 256) {
        precondition(
            capacity > 0 && capacity & (capacity - 1) == 0, "a queue's size is a power of two, not \(capacity)")
        mask = UInt(capacity - 1)
        counters = .allocate(capacity: 40)
        for index in 0..<40 { (counters + index).initialize(to: Atomic(0)) }
        slots = .allocate(capacity: capacity)
        for index in 0..<capacity { (slots + index).initialize(to: Slot()) }
    }

    deinit {
        while let turn = take() { turn.runnable.release() }
        slots.deinitialize(count: Int(capacity))
        slots.deallocate()
        counters.deinitialize(count: 40)
        counters.deallocate()
    }

    /// The number of waiting turns; a hint unless the owner reads it.
    @inline(__always)
    var count: UInt {
        let head = counters[Self.headIndex].load(ordering: .acquiring)
        let tail = counters[Self.tailIndex].load(ordering: .acquiring)
        // In this order the tail is read later, so the difference is never negative.
        return tail &- head
    }

    /// Appends at the tail. Returns `false` when full. Only the owner may call it.
    @inline(__always)
    func append(_ turn: Turn) -> Bool {
        let tail = counters[Self.tailIndex].load(ordering: .relaxed)
        let head = counters[Self.headIndex].load(ordering: .acquiring)
        if tail &- head >= capacity { return false }
        write(turn, at: tail)
        counters[Self.tailIndex].store(tail &+ 1, ordering: .releasing)
        return true
    }

    /// Takes the oldest turn. Only the owner may call it.
    @inline(__always)
    func take() -> Turn? {
        let tail = counters[Self.tailIndex].load(ordering: .relaxed)
        var head = counters[Self.headIndex].load(ordering: .acquiring)
        while head != tail {
            let turn = read(at: head)
            let (exchanged, original) = counters[Self.headIndex].compareExchange(
                expected: head, desired: head &+ 1, ordering: .acquiringAndReleasing)
            if exchanged { return turn }
            head = original
        }
        return nil
    }

    /// Takes the older half of the turns, those that no other worker takes meanwhile. Only the owner may call it.
    func takeOlderHalf() -> [Turn] {
        let tail = counters[Self.tailIndex].load(ordering: .relaxed)
        var head = counters[Self.headIndex].load(ordering: .acquiring)
        while true {
            let taken = (tail &- head) / 2
            if taken == 0 { return [] }
            let turns = (0..<taken).compactMap { read(at: head &+ $0) }
            let (exchanged, original) = counters[Self.headIndex].compareExchange(
                expected: head, desired: head &+ taken, ordering: .acquiringAndReleasing)
            if exchanged { return turns }
            head = original
        }
    }

    /// Moves the older half of the victim's turns here, except the oldest, which it returns. Only the owner may call
    /// it.
    func steal(from victim: WorkStealingQueue) -> Turn? {
        let tail = counters[Self.tailIndex].load(ordering: .relaxed)
        let room = capacity &- (tail &- counters[Self.headIndex].load(ordering: .acquiring))
        while true {
            let head = victim.counters[Self.headIndex].load(ordering: .acquiring)
            let waiting = victim.counters[Self.tailIndex].load(ordering: .acquiring) &- head
            if waiting == 0 { return nil }
            // The victim's owner made progress between the two loads, so the loaded head is stale.
            if waiting > victim.capacity { continue }
            let taken = min(waiting &- waiting / 2, room &+ 1)
            let first = victim.read(at: head)
            var offset: UInt = 1
            while offset < taken {
                if let turn = victim.read(at: head &+ offset) { write(turn, at: tail &+ offset &- 1) }
                offset &+= 1
            }
            let exchanged = victim.counters[Self.headIndex].compareExchange(
                expected: head, desired: head &+ taken, ordering: .acquiringAndReleasing
            ).exchanged
            if exchanged {
                counters[Self.tailIndex].store(tail &+ taken &- 1, ordering: .releasing)
                return first
            }
        }
    }

    @inline(__always)
    private func write(_ turn: Turn, at position: UInt) {
        let slot = slots + Int(position & mask)
        slot.pointee.runnable.store(turn.runnable, ordering: .relaxed)
        slot.pointee.view.store(turn.view, ordering: .relaxed)
    }

    @inline(__always)
    private func read(at position: UInt) -> Turn? {
        let slot = slots + Int(position & mask)
        guard let runnable = slot.pointee.runnable.load(ordering: .relaxed),
            let view = slot.pointee.view.load(ordering: .relaxed)
        else { return nil }
        return Turn(runnable: runnable, view: view)
    }
}

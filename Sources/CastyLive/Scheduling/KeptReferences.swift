import CastyCore

/// References to runnables whose turns have ended on a worker, kept for their next turns there.
///
/// A turn that waits holds a reference to its runnable. Actors that exchange messages on one worker have turn after turn,
/// and counting a reference costs as much as a fifth of such a turn. So the worker keeps the reference when a turn has
/// ended, and uses it when a turn on the worker wakes the runnable again. One slot is found by hashing the address: the
/// runnable that comes later into a slot releases the one that was there.
///
/// A runnable that has ended lives until its slot is needed, or the worker has nothing to do, or ``releaseNext()`` comes
/// past, which is after some 120,000 turns at the latest. Only its worker's thread uses it.
struct KeptReferences: ~Copyable {
    private static let bits: UInt64 = 11
    private static let count = 1 << Int(bits)

    private let slots: UnsafeMutablePointer<Unmanaged<Runnable>?>
    /// A bit for each slot that has been used since ``releaseAll()``, so that an idle worker need not look at all.
    private let used: UnsafeMutablePointer<UInt64>
    private var isEmpty = true
    private var hand = 0

    init() {
        slots = .allocate(capacity: Self.count)
        slots.initialize(repeating: nil, count: Self.count)
        used = .allocate(capacity: Self.count / 64)
        used.initialize(repeating: 0, count: Self.count / 64)
    }

    deinit {
        for index in 0..<Self.count { slots[index]?.release() }
        slots.deallocate()
        used.deallocate()
    }

    /// Addresses differ in their middle bits, which the multiplication spreads (Knuth, TAOCP 6.4).
    @inline(__always)
    private static func index(of runnable: UnsafeMutableRawPointer) -> Int {
        let spread = UInt64(UInt(bitPattern: runnable)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: spread &>> (64 - bits))
    }

    /// A reference to the runnable for its next turn: the one that was kept, or a new one.
    @inline(__always)
    mutating func reference(to runnable: Runnable) -> Unmanaged<Runnable> {
        let unretained = Unmanaged.passUnretained(runnable)
        let index = Self.index(of: unretained.toOpaque())
        guard let kept = slots[index], kept.toOpaque() == unretained.toOpaque() else { return unretained.retain() }
        slots[index] = nil
        return kept
    }

    /// Keeps the reference of a turn that has ended.
    @inline(__always)
    mutating func keep(_ reference: Unmanaged<Runnable>) {
        let index = Self.index(of: reference.toOpaque())
        let other = slots[index]
        slots[index] = reference
        used[index &>> 6] |= 1 &<< UInt64(index & 63)
        isEmpty = false
        other?.release()
    }

    /// Releases what is in the next slot, one after the other with each call.
    mutating func releaseNext() {
        hand = (hand + 1) & (Self.count - 1)
        let reference = slots[hand]
        slots[hand] = nil
        reference?.release()
    }

    /// Releases all.
    mutating func releaseAll() {
        if isEmpty { return }
        isEmpty = true
        for word in 0..<Self.count / 64 {
            var rest = used[word]
            used[word] = 0
            while rest != 0 {
                let index = word * 64 + rest.trailingZeroBitCount
                rest &= rest &- 1
                let reference = slots[index]
                slots[index] = nil
                reference?.release()
            }
        }
    }
}

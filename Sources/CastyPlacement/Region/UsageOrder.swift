import CastyCore

/// The active entities of a region in order of use, and, for LFU, with their use counts.
///
/// Operations are O(1), except ``shift(by:notAfter:)``. A use count saturates at ``maximumCount``; entities that
/// reached it are ordered by recency alone.
struct UsageOrder: Sendable {
    static let maximumCount = 255

    private struct Slot: Sendable {
        var key: EntityKey
        var usedAt: Instant
        var count: Int
    }

    private let countsUses: Bool
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var recency = SlotLists(count: 1)
    /// One list for each use count, oldest use first. Empty unless uses are counted.
    private var frequency: SlotLists
    private(set) var count = 0

    init(policy: PassivationSettings.Policy) {
        countsUses = policy == .leastFrequentlyUsed
        frequency = SlotLists(count: countsUses ? Self.maximumCount + 1 : 0)
    }

    mutating func insert(_ key: EntityKey, at now: Instant) -> Int {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            slots[slot] = Slot(key: key, usedAt: now, count: 1)
        } else {
            slot = slots.count
            slots.append(Slot(key: key, usedAt: now, count: 1))
        }
        count += 1
        recency.append(slot, to: 0)
        if countsUses { frequency.append(slot, to: 1) }
        return slot
    }

    mutating func touch(_ slot: Int, _ uses: UInt64 = 1, at now: Instant) {
        slots[slot].usedAt = now
        recency.remove(slot, from: 0)
        recency.append(slot, to: 0)
        guard countsUses else { return }
        frequency.remove(slot, from: slots[slot].count)
        slots[slot].count = Int(min(UInt64(slots[slot].count) + uses, UInt64(Self.maximumCount)))
        frequency.append(slot, to: slots[slot].count)
    }

    /// Moves all uses later by `duration`, but none past `now`. O(entities).
    mutating func shift(by duration: Duration, notAfter now: Instant) {
        for slot in slots.indices { slots[slot].usedAt = min(now, slots[slot].usedAt + duration) }
    }

    mutating func remove(_ slot: Int) {
        recency.remove(slot, from: 0)
        if countsUses { frequency.remove(slot, from: slots[slot].count) }
        free.append(slot)
        count -= 1
    }

    /// The least recently used entity.
    var oldest: (key: EntityKey, usedAt: Instant)? {
        recency.first(of: 0).map { (slots[$0].key, slots[$0].usedAt) }
    }

    /// The entity to passivate first, except the one in this slot.
    func victim(sparing spared: Int?) -> EntityKey? {
        if countsUses {
            for uses in 1...Self.maximumCount {
                if let slot = frequency.first(of: uses, butNot: spared) { return slots[slot].key }
            }
            return nil
        }
        return recency.first(of: 0, butNot: spared).map { slots[$0].key }
    }
}

/// Doubly linked lists of small numbers, each in one list at a time.
struct SlotLists: Sendable {
    private var heads: [Int]
    private var tails: [Int]
    private var next: [Int] = []
    private var previous: [Int] = []

    init(count: Int) {
        heads = Array(repeating: -1, count: count)
        tails = heads
    }

    mutating func append(_ slot: Int, to list: Int) {
        while next.count <= slot {
            next.append(-1)
            previous.append(-1)
        }
        next[slot] = -1
        previous[slot] = tails[list]
        if tails[list] >= 0 { next[tails[list]] = slot } else { heads[list] = slot }
        tails[list] = slot
    }

    mutating func remove(_ slot: Int, from list: Int) {
        let (before, after) = (previous[slot], next[slot])
        if before >= 0 { next[before] = after } else { heads[list] = after }
        if after >= 0 { previous[after] = before } else { tails[list] = before }
    }

    func first(of list: Int, butNot spared: Int? = nil) -> Int? {
        let head = heads[list]
        guard head >= 0 else { return nil }
        guard head == spared else { return head }
        return next[head] >= 0 ? next[head] : nil
    }
}

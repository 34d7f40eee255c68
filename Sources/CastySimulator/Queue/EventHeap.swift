/// A position in the order of events: the time, then the tie-breaker.
///
/// No two entries have the same tie-breaker, so the order is total and does not depend on how the heap is built.
struct EventEntry {
    var time: Int64
    var tie: UInt64
    var slot: UInt32
    var generation: UInt32

    @inline(__always)
    static func < (left: EventEntry, right: EventEntry) -> Bool {
        left.time < right.time || (left.time == right.time && left.tie < right.tie)
    }
}

/// A heap of events with four children per parent: half as deep as a binary heap, and the children are in one or two
/// cache lines.
struct EventHeap {
    private(set) var entries: [EventEntry] = []

    var count: Int { entries.count }

    var first: EventEntry? { entries.first }

    mutating func push(_ entry: EventEntry) {
        entries.append(entry)
        entries.withUnsafeMutableBufferPointer { heap in
            var hole = heap.count - 1
            while hole > 0 {
                let parent = (hole - 1) >> 2
                guard entry < heap[parent] else { break }
                heap[hole] = heap[parent]
                hole = parent
            }
            heap[hole] = entry
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries.withUnsafeMutableBufferPointer { heap in Self.sink(last, from: 0, in: heap) }
    }

    /// Keeps only the entries that satisfy the condition.
    mutating func filter(_ isKept: (EventEntry) -> Bool) {
        entries = entries.filter(isKept)
        entries.withUnsafeMutableBufferPointer { heap in
            guard heap.count > 1 else { return }
            for index in stride(from: (heap.count - 2) >> 2, through: 0, by: -1) {
                Self.sink(heap[index], from: index, in: heap)
            }
        }
    }

    mutating func removeAll() { entries = [] }

    private static func sink(_ entry: EventEntry, from start: Int, in heap: UnsafeMutableBufferPointer<EventEntry>) {
        var hole = start
        while true {
            let firstChild = hole << 2 + 1
            guard firstChild < heap.count else { break }
            var least = firstChild
            for child in (firstChild + 1)..<max(firstChild + 1, min(firstChild + 4, heap.count))
            where heap[child] < heap[least] {
                least = child
            }
            guard heap[least] < entry else { break }
            heap[hole] = heap[least]
            hole = least
        }
        heap[hole] = entry
    }
}

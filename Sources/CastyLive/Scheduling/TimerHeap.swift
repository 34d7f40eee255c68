import CastyCore

/// Timers ordered by (deadline, order of setting): a binary heap.
struct TimerHeap {
    private var timers: [LiveTimer] = []

    var count: Int { timers.count }

    var first: LiveTimer? { timers.first }

    mutating func insert(_ timer: LiveTimer) {
        timers.append(timer)
        siftUp(timers.count - 1)
    }

    mutating func removeFirst() -> LiveTimer? {
        guard let first = timers.first, let last = timers.popLast() else { return nil }
        if first !== last {
            timers[0] = last
            siftDown(0)
        }
        return first
    }

    /// Removes all timers that satisfy `isDead`, in linear time, and returns them so that the caller can release them
    /// elsewhere.
    mutating func removeAll(where isDead: (LiveTimer) -> Bool) -> [LiveTimer] {
        let end = timers.partition(by: isDead)
        let removed = Array(timers[end...])
        timers.removeSubrange(end...)
        for index in stride(from: timers.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
        return removed
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        let timer = timers[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard timer.precedes(timers[parent]) else { break }
            timers[index] = timers[parent]
            index = parent
        }
        timers[index] = timer
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        let timer = timers[index]
        while true {
            var child = 2 * index + 1
            guard child < timers.count else { break }
            if child + 1 < timers.count, timers[child + 1].precedes(timers[child]) { child += 1 }
            guard timers[child].precedes(timer) else { break }
            timers[index] = timers[child]
            index = child
        }
        timers[index] = timer
    }
}

import Synchronization

/// The threads that a pool adds to its workers: instead of workers that are blocked, or one for each turn.
///
/// Each takes a slot behind those of the workers. One that finds nothing to do rests, and ends when it has rested for
/// some seconds.
final class SpareWorkers: @unchecked Sendable {
    /// How long a thread rests before it ends.
    private static let rest = Duration.seconds(5)

    private let slots: [WorkerSlot]
    private let first: Int
    private let monitor = Monitor()
    /// The slots without a thread, and those whose thread rests. The monitor guards both, and ``isEnding``.
    private var free: [Int]
    private var resting: [Int] = []
    private var isEnding = false
    /// How many threads look for turns or take them.
    private let running = Atomic<Int>(0)
    /// The number of slots to search for turns, the workers' included.
    private let searched: Atomic<Int>

    /// - Parameters:
    ///   - slots: The slots of the pool.
    ///   - first: The first that is for a spare worker.
    init(_ slots: [WorkerSlot], from first: Int) {
        self.slots = slots
        self.first = first
        free = Array((first..<slots.count).reversed())
        searched = Atomic(first)
    }

    var runningCount: Int { running.load(ordering: .relaxed) }

    @inline(__always)
    var searchedCount: Int { searched.load(ordering: .relaxed) }

    /// Lets up to `count` more threads run.
    ///
    /// - Parameter start: Starts a thread for a slot; returns `false` where the system refuses it.
    func activate(_ count: Int, start: (Int) -> Bool) {
        for _ in 0..<count {
            let isMore = monitor.withLock { () -> Bool in
                if isEnding { return false }
                if let index = resting.popLast() {
                    running.add(1, ordering: .relaxed)
                    slots[index].wake()
                    return true
                }
                guard let index = free.popLast() else { return false }
                running.add(1, ordering: .relaxed)
                searched.store(max(searchedCount, index + 1), ordering: .relaxed)
                if start(index) { return true }
                running.subtract(1, ordering: .relaxed)
                free.append(index)
                return false
            }
            if !isMore { return }
        }
    }

    /// Ends a thread's part in the running ones, if more run than are wanted.
    func isSurplus(_ wanted: Int) -> Bool {
        var present = runningCount
        while present > wanted {
            let (exchanged, original) = running.compareExchange(
                expected: present, desired: present - 1, ordering: .relaxed)
            if exchanged { return true }
            present = original
        }
        return false
    }

    /// Ends a thread's part in the running ones, because it has found nothing to do.
    func stopRunning() { running.subtract(1, ordering: .relaxed) }

    /// Waits until the thread of a slot is activated again; `false` means that it must end.
    ///
    /// - Parameter isNeeded: Whether it must not rest. It is asked after the thread counts as resting, so that no turn
    ///   added meanwhile is missed.
    func rest(_ index: Int, unless isNeeded: () -> Bool) -> Bool {
        let (goesOn, mustEnd) = monitor.withLock { () -> (Bool, Bool) in
            if isEnding { return (false, true) }
            if isNeeded() {
                running.add(1, ordering: .relaxed)
                return (true, false)
            }
            resting.append(index)
            return (false, false)
        }
        if goesOn || mustEnd { return goesOn }
        while true {
            let isWoken = slots[index].park(within: Self.rest)
            let answer = monitor.withLock { () -> Bool? in
                if isEnding { return false }
                guard let place = resting.firstIndex(of: index) else { return true }
                // It may be woken by what was meant for its earlier rest.
                if isWoken { return nil }
                resting.remove(at: place)
                release(index)
                return false
            }
            if let answer { return answer }
        }
    }

    /// A thread has ended. The monitor is held.
    private func release(_ index: Int) {
        free.append(index)
        // The lowest slots are used first, so that few have to be searched.
        free.sort(by: >)
        let last = (first..<slots.count).last { !free.contains($0) }
        searched.store(last.map { $0 + 1 } ?? first, ordering: .relaxed)
    }

    /// Lets no further thread run. The caller wakes those that rest.
    func end() { monitor.withLock { isEnding = true } }
}

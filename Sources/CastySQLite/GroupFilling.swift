/// Decides how long a group of changes waits for more before it is written.
///
/// Callers that have just been answered often come back at once. If the next group began with the first of them, the
/// rest would wait for a sync of their own, and groups would stay small: with 64 callers, half of them. So a group waits for
/// about as many changes as are known to be under way, at most as long as the last group took, and not after waits that
/// were in vain. PostgreSQL's `commit_delay` is such a wait of a fixed length.
struct GroupFilling: Sendable {
    /// The longest wait, where syncs are slow.
    static let longest = Duration.milliseconds(2)
    private static let longestRest = 32

    struct Wait: Equatable, Sendable {
        /// The number of changes for which it waits.
        let goal: Int
        let limit: Duration
    }

    /// The callers that the last group had, or that were waiting behind it.
    private var callers = 0
    private var lastTime = Duration.zero
    /// How many groups do not wait, and how many will not after the next wait in vain.
    private var (rest, nextRest) = (0, 1)

    /// A group was written.
    ///
    /// - Parameters:
    ///   - changes: Its size.
    ///   - waiting: The changes that have come meanwhile.
    ///   - time: How long it took.
    mutating func onWritten(changes: Int, waiting: Int, in time: Duration) {
        (callers, lastTime) = (changes + waiting, time)
    }

    /// A group is about to begin.
    ///
    /// - Returns: What it waits for; `nil` where it begins now.
    mutating func onBegin(waiting: Int) -> Wait? {
        // Not for the last few: some callers do something else first.
        let goal = callers - callers / 8
        guard waiting < goal else { return nil }
        guard rest == 0 else {
            rest -= 1
            return nil
        }
        return Wait(goal: goal, limit: min(lastTime, Self.longest))
    }

    /// A wait is over.
    mutating func onWaited(reached: Bool) {
        if reached {
            nextRest = 1
        } else {
            rest = nextRest
            nextRest = min(2 * nextRest, Self.longestRest)
        }
    }
}

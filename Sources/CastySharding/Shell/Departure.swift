/// Whether what a shell runs has left its node, and who waits for that.
struct Departure: Sendable {
    private var hasLeft = false
    private var waiting: [@Sendable () -> Void] = []

    /// Calls `done` when all has left, which may be now.
    ///
    /// - Returns: Whether something has yet to leave.
    mutating func wait(_ done: @escaping @Sendable () -> Void) -> Bool {
        if hasLeft {
            done()
            return false
        }
        waiting.append(done)
        return true
    }

    /// All has left.
    mutating func finish() {
        hasLeft = true
        let actions = waiting
        waiting = []
        for action in actions { action() }
    }
}

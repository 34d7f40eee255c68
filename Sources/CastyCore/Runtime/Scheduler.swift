/// Time and timers: one of the borders between the two worlds.
package protocol Scheduler: AnyObject, Sendable {
    /// The present moment of this node's clock. It never goes back.
    var now: Instant { get }

    /// Calls `action` once, at `deadline` or soon after; at once, but never inside this call, when the deadline has passed.
    ///
    /// The action must be short: it runs where timers run, and usually only puts a message into a mailbox. While the node is
    /// frozen it waits; when the node is killed it is forgotten.
    func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer
}

/// A timer that can be taken back.
package protocol ScheduledTimer: AnyObject, Sendable {
    /// Takes the timer back. An action that is running or has run is not undone.
    func cancel()
}

extension Scheduler {
    /// Calls `action` once, after `delay`.
    package func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        schedule(at: now + delay, action)
    }
}

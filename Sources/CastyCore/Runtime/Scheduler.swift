/// Time and timers: one of the interfaces that the live and the simulated runtime implement.
package protocol Scheduler: AnyObject, Sendable {
    /// The present moment of this node's clock. It never goes back.
    var now: Instant { get }

    /// Calls `action` once, at `deadline` or soon after. If the deadline has passed it calls it at once, but never
    /// inside this call.
    ///
    /// The action must be short: it runs inside the scheduler, and usually only puts a message into a mailbox. While
    /// the node is frozen the action waits; when the node is killed it is dropped.
    func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer
}

/// A timer that can be cancelled.
package protocol ScheduledTimer: AnyObject, Sendable {
    /// Cancels the timer. An action that is running or has run is not undone.
    func cancel()
}

extension Scheduler {
    /// Calls `action` once, after `delay`.
    package func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        schedule(at: now + delay, action)
    }
}

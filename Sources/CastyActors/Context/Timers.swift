/// The timers of one actor. Each sends the actor a message, and ends with the actor.
///
/// A timer has a key. Starting one under a key in use replaces the earlier one. No message of a replaced or cancelled
/// timer is handled, nor one from before a restart.
public struct Timers<Message: Sendable> {
    let target: ActorCell<Message>

    /// Sends the message once, after a delay, in the context of the code that starts the timer.
    public func start(_ key: String, _ message: Message, after delay: Duration) {
        target.startTimer(key: key, message: message, after: delay, every: nil)
    }

    /// Sends the message repeatedly with a fixed pause.
    ///
    /// It is sent in no context, because it lasts longer than what the code that starts it does. The pause starts when the actor handles the previous tick, so a delayed node does not get a burst.
    public func start(_ key: String, _ message: Message, every interval: Duration) {
        target.startTimer(key: key, message: message, after: interval, every: interval)
    }

    /// Cancels a timer.
    public func cancel(_ key: String) { target.cancelTimer(key: key) }

    /// Cancels all timers, and the receive timeout.
    public func cancelAll() { target.cancelTimers() }

    /// Whether a timer runs under that key.
    public func isRunning(_ key: String) -> Bool { target.coldState?.timers[key] != nil }
}

extension ActorContext {
    /// The key of the timer whose message is handled now; `nil` for other messages.
    package var firingTimer: String? { target.coldState?.firingTimer }
}

@available(*, unavailable)
extension Timers: Sendable {}

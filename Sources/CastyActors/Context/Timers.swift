/// The timers of one actor: each sends the actor a message, and ends with it.
///
/// A timer has a key; starting one under a key that runs replaces it. No message of a replaced or cancelled timer is handled, nor one
/// of an incarnation before a restart.
public struct Timers<Message: Sendable> {
    let target: ActorCell<Message>

    /// Sends the message once, after a delay.
    public func start(_ key: String, _ message: Message, after delay: Duration) {
        target.startTimer(key: key, message: message, after: delay, every: nil)
    }

    /// Sends the message again and again, with a fixed pause between two of them.
    ///
    /// The pause runs from one firing to the next being set, so that a node that was held up does not get a burst.
    public func start(_ key: String, _ message: Message, every interval: Duration) {
        target.startTimer(key: key, message: message, after: interval, every: interval)
    }

    /// Takes a timer back.
    public func cancel(_ key: String) { target.cancelTimer(key: key) }

    /// Takes all timers back.
    public func cancelAll() { target.cancelTimers() }

    /// Whether a timer runs under that key.
    public func isRunning(_ key: String) -> Bool { target.extras?.timers[key] != nil }
}

@available(*, unavailable)
extension Timers: Sendable {}

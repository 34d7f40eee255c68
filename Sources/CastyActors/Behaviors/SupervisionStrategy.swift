/// What happens when a handler throws.
public enum SupervisionStrategy: Hashable, Sendable {
    /// The actor stops, and the messages in its mailbox become dead letters. The default.
    case stop
    /// The actor continues with its current behavior and state. Only the message is lost.
    case resume
    /// The actor's children stop, its timers end, and its initial behavior starts again. Its mailbox and address stay.
    ///
    /// The delay before each restart grows: `backoff.minimum` first, doubling up to `backoff.maximum`, plus a random
    /// share of up to `jitter` of it. More than `limit` restarts within `window` stop the actor.
    case restart(limit: Int = 10, window: Duration = .seconds(60), backoff: Backoff = .none)

    /// How long to wait before a restart.
    public struct Backoff: Hashable, Sendable {
        /// The wait before the first restart.
        public var minimum: Duration
        /// The longest wait.
        public var maximum: Duration
        /// The share of the wait, 0…1, that is added at random at most.
        public var jitter: Double

        /// Creates a backoff.
        public init(minimum: Duration, maximum: Duration, jitter: Double = 0.2) {
            self.minimum = minimum
            self.maximum = maximum
            self.jitter = jitter
        }

        /// No wait.
        public static let none = Backoff(minimum: .zero, maximum: .zero, jitter: 0)

        /// The wait before a restart, counted from 1.
        ///
        /// - Parameter probability: A random number in 0..<1.
        package func delay(restart: Int, probability: Double) -> Duration {
            guard minimum > .zero else { return .zero }
            var delay = minimum
            var doublings = restart - 1
            while doublings > 0, delay < maximum {
                delay = delay * 2
                doublings -= 1
            }
            return min(delay, maximum) * (1 + jitter * probability)
        }
    }
}

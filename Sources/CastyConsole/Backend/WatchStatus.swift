package import CastyCore
package import CastyObservability

/// A condition that a run watches or waits for.
package struct WatchStatus: Hashable, Sendable, Codable {
    /// What broke it.
    package struct Break: Hashable, Sendable, Codable {
        package var time: Instant
        /// What was observed, in words.
        package var seen: String
        /// The event that broke it, or the last one before.
        package var event: EventID?

        package init(time: Instant, seen: String, event: EventID?) {
            self.time = time
            self.seen = seen
            self.event = event
        }
    }

    package var number: Int
    /// The watch as the palette reads it: `never member-unreachable`.
    package var line: String
    package var since: Instant
    /// Whether the run only waits for it: `until`.
    package var isAwaited: Bool
    /// The latest time that it was broken.
    package var broken: Break?

    package init(number: Int, line: String, since: Instant, isAwaited: Bool, broken: Break?) {
        self.number = number
        self.line = line
        self.since = since
        self.isAwaited = isAwaited
        self.broken = broken
    }
}

package import CastyCore

/// What an observer of a running cluster knows of its own connections. It sees the cluster through them only.
package struct ObserverSnapshot: Hashable, Sendable, Codable {
    /// A node that does not answer.
    package struct Silence: Hashable, Sendable, Codable {
        /// The node's short name.
        package var node: String
        /// When it answered last; `nil` if it has never answered.
        package var since: Instant?

        package init(node: String, since: Instant?) {
            self.node = node
            self.since = since
        }
    }

    /// The next attempt to reach a node while none answers.
    package struct Retry: Hashable, Sendable, Codable {
        /// When a node answered last.
        package var since: Instant
        /// When the nodes are asked again.
        package var at: Instant
        /// The short names of the nodes, in the order in which they are taken.
        package var order: [String]

        package init(since: Instant, at: Instant, order: [String]) {
            self.since = since
            self.at = at
            self.order = order
        }
    }

    /// The time of day, for comparing with log files.
    package var clock: WallClock
    /// The short name of the node through which the cluster is seen.
    package var contact: String?
    /// The nodes that do not answer, in the order of their addresses.
    package var silent: [Silence]
    /// What happens next while no node answers; `nil` while one does.
    package var retry: Retry?

    package init(clock: WallClock, contact: String? = nil, silent: [Silence] = [], retry: Retry? = nil) {
        self.clock = clock
        self.contact = contact
        self.silent = silent
        self.retry = retry
    }

    /// Since when a node does not answer, in words; `nil` if it answers.
    package func silence(of node: String) -> String? {
        guard let silence = silent.first(where: { $0.node == node }) else { return nil }
        return silence.since.map { "not answering since \(clock.timeOfDay($0))" } ?? "has not answered yet"
    }
}

/// Translates moments of a runtime into the time of day where the observer runs.
package struct WallClock: Hashable, Sendable, Codable {
    /// Milliseconds of local time from the beginning of 1970 to the start of the runtime's clock.
    package var startMilliseconds: Int64

    package init(startMilliseconds: Int64) {
        self.startMilliseconds = startMilliseconds
    }

    /// - Parameters:
    ///   - milliseconds: Milliseconds of local time since the beginning of 1970.
    ///   - now: The same moment on the runtime's clock.
    package init(milliseconds: Int64, at now: Instant) {
        startMilliseconds = milliseconds &- now.nanoseconds / 1_000_000
    }

    private func seconds(_ moment: Instant) -> Int64 {
        let milliseconds = startMilliseconds &+ moment.nanoseconds / 1_000_000
        return milliseconds >= 0 ? milliseconds / 1000 : (milliseconds &- 999) / 1000
    }

    /// The time of day: `12:03:14`.
    package func timeOfDay(_ moment: Instant) -> String {
        let second = (seconds(moment) % 86_400 + 86_400) % 86_400
        return [second / 3600, second / 60 % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    /// The day: `2026-11-29`.
    package func day(_ moment: Instant) -> String {
        let second = seconds(moment)
        let days = second >= 0 ? second / 86_400 : (second &- 86_399) / 86_400
        // H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March, eras have 400 years.
        let shifted = days &+ 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-" + [month, day].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
    }
}

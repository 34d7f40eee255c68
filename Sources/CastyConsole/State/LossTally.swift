import CastyCore

/// How many messages were lost when, so that the losses up to an earlier time can be counted.
struct LossTally: Hashable, Sendable {
    /// Losses within this time are one entry: a run that can be turned back shows multiples of it.
    private static let grid: Int64 = 10_000_000

    private struct Entry: Hashable, Sendable {
        /// The end of its time.
        var until: Instant
        var reason: String
        var count: Int
    }

    private var entries: [Entry] = []

    mutating func add(_ reason: String = "", at time: Instant) {
        let until = Instant(nanoseconds: (time.nanoseconds + Self.grid - 1) / Self.grid * Self.grid)
        // Losses for some reasons alternate.
        let recent = entries.indices.suffix(8)
        if let index = recent.last(where: { entries[$0].until == until && entries[$0].reason == reason }) {
            entries[index].count += 1
        } else {
            entries.append(Entry(until: until, reason: reason, count: 1))
        }
    }

    /// Only the losses up to a time.
    func upTo(_ time: Instant) -> LossTally {
        var tally = self
        tally.entries.removeAll { $0.until > time }
        return tally
    }

    var total: Int { entries.reduce(0) { $0 + $1.count } }

    /// The time of the latest loss.
    var last: Instant? { entries.map(\.until).max() }

    var byReason: [String: Int] { entries.reduce(into: [:]) { $0[$1.reason, default: 0] += $1.count } }
}

/// The latencies of requests: counts in steps of about 3 %, from a microsecond to hours, in a fixed amount of memory.
package struct LatencyHistogram: Sendable {
    /// 32 steps for each doubling.
    private static let steps = 32
    private var counts: [Int]
    /// The number of latencies recorded.
    package private(set) var count = 0
    /// The longest latency.
    package private(set) var longest = Duration.zero

    package init() { counts = Array(repeating: 0, count: 44 * Self.steps) }

    package mutating func add(_ duration: Duration) {
        counts[min(counts.count - 1, Self.index(duration))] += 1
        count += 1
        longest = max(longest, duration)
    }

    /// The latency that a share of all requests did not exceed, accurate to 3 %; `nil` if there are none.
    package func percentile(_ share: Double) -> Duration? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (index, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return min(longest, Self.upperBound(index)) }
        }
        return longest
    }

    /// Below 64 µs a step is one microsecond; above that, the step size grows with the value.
    private static func index(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        let micros = max(0, Int(clamping: seconds)).multipliedReportingOverflow(by: 1_000_000)
        guard !micros.overflow else { return Int.max }
        let value = micros.partialValue + Int(attoseconds / 1_000_000_000_000)
        guard value >= 2 * steps else { return max(0, value) }
        let doublings = Int.bitWidth - value.leadingZeroBitCount - 6
        return doublings * steps + value >> doublings
    }

    private static func upperBound(_ index: Int) -> Duration {
        guard index >= 2 * steps else { return .microseconds(index) }
        let doublings = index / steps - 1
        return .microseconds((index - doublings * steps + 1) << doublings - 1)
    }
}

import Histogram
import Synchronization

/// Counts durations in an HdrHistogram (G. Tene), whose buckets widen with the value: a quantile has three exact digits.
///
/// Counting one takes a few nanoseconds and no memory, so it hardly disturbs what is measured, and far quantiles rest on
/// all values instead of a sample.
struct LatencyHistogram: Sendable {
    /// Longer durations count as this one, about a minute: no call that is measured may take that long.
    static let longest = UInt64(1) << 36 - 1

    private var histogram = Histogram<UInt32>(highestTrackableValue: longest, numberOfSignificantValueDigits: .three)

    /// How many durations were counted.
    var count: UInt64 { histogram.totalCount }

    /// Counts a duration.
    ///
    /// - Parameter nanoseconds: Its length; a negative one counts as 0.
    mutating func record(nanoseconds: Int64) { histogram.record(min(UInt64(max(0, nanoseconds)), Self.longest)) }

    /// Adds what another histogram has counted.
    mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }

    /// The duration that this share of all, 0…1, does not exceed, in microseconds.
    ///
    /// - Precondition: At least one duration was counted.
    /// - Complexity: Linear in the number of buckets, about 27,000.
    func quantile(_ share: Double) -> Double {
        precondition(count > 0, "no duration was counted")
        return Double(histogram.valueAtPercentile(share * 100)) / 1000
    }
}

extension LatencyHistogram {
    /// Histograms of what ran at the same time, as one; several threads may add to it.
    final class Sum: Sendable {
        private let total = Mutex(LatencyHistogram())

        func add(_ one: LatencyHistogram) { total.withLock { $0.add(one) } }

        var value: LatencyHistogram { total.withLock { $0 } }
    }

    /// The rows of a report: the median and the far quantiles of each run.
    ///
    /// - Parameters:
    ///   - name: What was measured; the rows add the quantile to it.
    ///   - runs: One histogram for each run.
    static func rows(
        _ name: String, _ runs: [LatencyHistogram], p50: Double? = nil, p99: Double? = nil,
        peers: (p50: Measurement.Peer, p99: Measurement.Peer)? = nil
    ) -> [Measurement] {
        let quantile = { share in runs.map { $0.quantile(share) } }
        return [
            Measurement(
                name: "\(name), p50", unit: "µs", runs: quantile(0.5), goal: p50.map { .atMost($0) }, peer: peers?.p50),
            Measurement(
                name: "\(name), p99", unit: "µs", runs: quantile(0.99), goal: p99.map { .atMost($0) }, peer: peers?.p99),
            Measurement(name: "\(name), p99.9", unit: "µs", runs: quantile(0.999)),
        ]
    }
}

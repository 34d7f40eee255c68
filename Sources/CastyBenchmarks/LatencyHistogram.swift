/// Counts durations in buckets whose width grows with the value, as HdrHistogram does (G. Tene): below 256 ns each
/// nanosecond has its own bucket, above that each power of two has 128, so a quantile is at most 1/128 too high.
///
/// Counting one takes a few nanoseconds and no memory, so it hardly disturbs what is measured, and far quantiles rest on
/// all values instead of a sample.
package struct LatencyHistogram: Sendable {
    private static let linear = 256
    private static let perPower = 128
    /// Durations from 2^40 ns on, some 18 minutes, count as that.
    private static let powers = 40 - 8

    private var counts = [UInt64](repeating: 0, count: linear + powers * perPower)
    /// How many durations were counted.
    package private(set) var count: UInt64 = 0

    package init() {}

    /// Counts a duration.
    ///
    /// - Parameter nanoseconds: Its length; a negative one counts as 0.
    package mutating func record(nanoseconds: Int64) {
        let value = UInt64(max(0, nanoseconds))
        counts[Self.bucket(of: value)] += 1
        count += 1
    }

    /// The duration that this share of all, 0…1, does not exceed, in nanoseconds.
    ///
    /// - Precondition: At least one duration was counted.
    /// - Complexity: O(1), about 4000 steps.
    package func quantile(_ share: Double) -> Double {
        precondition(count > 0, "no duration was counted")
        let rank = max(1, UInt64((Double(count) * share).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return Double(Self.highest(in: bucket)) }
        }
        return Double(Self.highest(in: counts.count - 1))
    }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(linear) else { return Int(value) }
        let power = 63 - value.leadingZeroBitCount
        guard power < 40 else { return linear + powers * perPower - 1 }
        // The leading bit is implied; the next seven say which of the power's buckets it is.
        let part = Int(value >> UInt64(power - 7)) & (perPower - 1)
        return linear + (power - 8) * perPower + part
    }

    private static func highest(in bucket: Int) -> UInt64 {
        guard bucket >= linear else { return UInt64(bucket) }
        let (power, part) = ((bucket - linear) / perPower + 8, (bucket - linear) % perPower)
        return (UInt64(perPower + part + 1) << UInt64(power - 7)) - 1
    }
}

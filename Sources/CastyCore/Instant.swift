/// A point in time, in nanoseconds since the start of the runtime it belongs to.
///
/// The live runtime reads it from a monotonic clock; in the simulated runtime it is virtual. Instants of two runtimes,
/// or of two processes, do not compare.
public struct Instant: Hashable, Sendable, Codable {
    /// Nanoseconds since the start of the runtime.
    public var nanoseconds: Int64

    /// Creates the point this many nanoseconds after the start of the runtime.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The start of the runtime.
    public static let start = Instant(nanoseconds: 0)

    /// A point later than any that is ever reached.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Seconds since the start of the runtime.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// The point `duration` later; saturates at ``distantFuture``, and at the smallest value for a negative duration.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? (duration > .zero ? .max : .min) : sum)
    }

    /// The point `duration` earlier.
    public static func - (instant: Instant, duration: Duration) -> Instant { instant + (.zero - duration) }

    /// The time from the second point to the first.
    public static func - (left: Instant, right: Instant) -> Duration {
        .nanoseconds(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds).partialValue)
    }
}

extension Instant: Comparable {
    /// Whether the left point is the earlier one.
    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Instant: CustomStringConvertible {
    /// Seconds with three digits after the point, as `41.300`.
    public var description: String {
        let millis = nanoseconds / 1_000_000
        let rest = String(abs(millis % 1000))
        return "\(millis / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}

extension Duration {
    /// The duration in whole nanoseconds, saturated to 64 bits (292 years).
    public var nanoseconds: Int64 {
        // Most durations are below 18 seconds. Their attoseconds fit into 64 bits, which divide much faster than 128.
        let all = self.attoseconds
        if let few = UInt64(exactly: all) { return Int64(few / 1_000_000_000) }
        if let few = Int64(exactly: all) { return few / 1_000_000_000 }
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}

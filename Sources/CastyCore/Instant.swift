/// A point in time, in nanoseconds since the start of the world it belongs to.
///
/// In the live world it is read from a monotonic clock; in the simulated world it is virtual. Instants of two worlds, or of two
/// processes, do not compare.
public struct Instant: Hashable, Sendable, Codable {
    /// Nanoseconds since the start of the world.
    public var nanoseconds: Int64

    /// Creates the point that lies this many nanoseconds after the start of the world.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The start of the world.
    public static let start = Instant(nanoseconds: 0)

    /// A point later than any that is reached.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// Seconds since the start of the world.
    public var seconds: Double { Double(nanoseconds) / 1e9 }

    /// The point that lies `duration` later; saturates at ``distantFuture``.
    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? (duration > .zero ? .max : .min) : sum)
    }

    /// The point that lies `duration` earlier.
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
    /// The duration in whole nanoseconds, saturated to what 64 bits hold (292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}

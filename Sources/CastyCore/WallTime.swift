/// A point in time as calendars and other machines know it, in milliseconds since 1970-01-01 00:00 UTC.
///
/// Unlike an ``Instant`` it compares between processes and survives them, and unlike one it may jump: an operator or a
/// time service may set the clock. The live runtime reads the system's clock; in the simulated runtime it is virtual.
public struct WallTime: Hashable, Sendable, Codable, Comparable {
    /// Milliseconds since 1970-01-01 00:00 UTC; negative before.
    public var milliseconds: Int64

    /// Creates the point this many milliseconds after 1970-01-01 00:00 UTC.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Creates the point this many seconds after 1970-01-01 00:00 UTC: `WallTime(seconds: date.timeIntervalSince1970)`.
    /// Saturates; what is not a number counts as zero.
    public init(seconds: Double) {
        let scaled = (seconds * 1000).rounded()
        milliseconds = Int64(exactly: scaled) ?? (scaled.isNaN ? 0 : scaled < 0 ? .min : .max)
    }

    /// The point `duration` later, to the millisecond; saturates.
    public static func + (time: WallTime, duration: Duration) -> WallTime {
        let added = duration.nanoseconds / 1_000_000
        let (sum, overflow) = time.milliseconds.addingReportingOverflow(added)
        return WallTime(milliseconds: overflow ? (added > 0 ? .max : .min) : sum)
    }

    /// The time from the second point to the first; saturates.
    public static func - (left: WallTime, right: WallTime) -> Duration {
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        return .milliseconds(overflow ? (left > right ? Int64.max : .min) : difference)
    }

    /// Whether the left point is the earlier one.
    public static func < (left: WallTime, right: WallTime) -> Bool { left.milliseconds < right.milliseconds }
}

extension WallTime: CustomStringConvertible {
    /// The point in UTC by the Gregorian calendar, as `2026-11-30T06:45:00.250Z`. The days are counted as in "chrono-
    /// Compatible Low-Level Date Algorithms" by Howard Hinnant.
    public var description: String {
        let (day, rest) = Self.divide(milliseconds, by: 86_400_000)
        let (era, dayOfEra) = Self.divide(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(dayOfYear - (153 * shifted + 2) / 5 + 1, 2))"
        let (minutes, milliseconds) = (rest / 60_000, rest % 60_000)
        return date
            + "T\(Self.pad(minutes / 60, 2)):\(Self.pad(minutes % 60, 2)):\(Self.pad(milliseconds / 1000, 2)).\(Self.pad(milliseconds % 1000, 3))Z"
    }

    private static func divide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let rest = value % divisor
        return rest < 0 ? (value / divisor - 1, rest + divisor) : (value / divisor, rest)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

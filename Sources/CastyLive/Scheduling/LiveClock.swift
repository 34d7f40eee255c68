package import CastyCore
import Glibc

/// The monotonic clock, read as time since a world began.
package struct LiveClock: Sendable {
    /// The clock's reading when the world began.
    private let origin: Int64

    /// Begins a world now.
    package init() { origin = Self.reading }

    /// The present moment.
    package var now: Instant { Instant(nanoseconds: Self.reading - origin) }

    /// The clock's reading at that moment, in nanoseconds.
    func reading(at instant: Instant) -> Int64 {
        let (sum, overflow) = origin.addingReportingOverflow(max(0, instant.nanoseconds))
        return overflow ? .max : sum
    }

    static var reading: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

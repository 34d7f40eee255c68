package import CastyCore
import Glibc

/// The monotonic clock, read as the time since a runtime started.
package struct LiveClock: Sendable {
    /// The clock's reading when the runtime started.
    private let origin: Int64

    /// Creates a clock that starts now.
    package init() { origin = Self.reading }

    /// The current time.
    package var now: Instant { Instant(nanoseconds: Self.reading - origin) }

    /// The clock's reading at that instant, in nanoseconds.
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

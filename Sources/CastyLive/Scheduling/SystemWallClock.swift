package import CastyCore
import Glibc

/// The machine's clock of the calendar.
package final class SystemWallClock: WallClockSource {
    package init() {}

    package var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

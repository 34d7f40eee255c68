import CastyCore
import CastyObservability
import Glibc

extension WallClock {
    /// The local time of this machine.
    ///
    /// - Parameter now: This moment on the clock that is shown.
    static func system(at now: Instant) -> WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var seconds = time.tv_sec
        var local = tm()
        localtime_r(&seconds, &local)
        let milliseconds = Int64(time.tv_sec + local.tm_gmtoff) * 1000 + Int64(time.tv_nsec / 1_000_000)
        return WallClock(milliseconds: milliseconds, at: now)
    }
}

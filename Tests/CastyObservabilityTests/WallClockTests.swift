import CastyCore
import CastyObservability
import Testing

@Suite("The time of day of a moment")
struct WallClockTests {
    @Test(
        "days and times of day, also across midnight and before 1970",
        arguments: [
            (0, "1970-01-01 00:00:00"), (951_782_399, "2000-02-28 23:59:59"), (951_782_400, "2000-02-29 00:00:00"),
            (1_795_953_794, "2026-11-29 12:03:14"), (-1, "1969-12-31 23:59:59"), (4_107_542_400, "2100-03-01 00:00:00"),
        ])
    func texts(seconds: Int64, text: String) {
        let clock = WallClock(milliseconds: (seconds - 60) * 1000, at: .start + .seconds(7))
        let moment = Instant.start + .seconds(67)
        #expect("\(clock.day(moment)) \(clock.timeOfDay(moment))" == text)
    }
}

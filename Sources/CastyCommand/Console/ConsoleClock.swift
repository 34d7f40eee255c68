import CastyCore
import CastyLive

/// The real time that a console's run follows; passed in, so that nothing else in the console reads a clock.
struct ConsoleClock: Sendable {
    /// The time since a fixed moment.
    let now: @Sendable () -> Instant

    /// The monotonic clock of the machine.
    static let system: ConsoleClock = {
        let clock = LiveClock()
        return ConsoleClock { clock.now }
    }()
}

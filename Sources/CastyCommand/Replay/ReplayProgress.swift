import CastyCore
import CastyLive
import CastyScenario
import Glibc

/// Says on the terminal of errors how far a run without a screen is, which takes up to half a minute.
final class ReplayProgress {
    private static let pause = Duration.milliseconds(100)

    private let name: String
    private let expected: Duration
    private let clock: LiveClock
    private let start: Instant
    private let isAnimated = Screen.replacesLines(Output.errorIsTerminal)
    private var drawn: Instant?

    init(_ scenario: Scenario, clock: LiveClock) {
        name = scenario.file
        expected = Self.length(of: scenario)
        self.clock = clock
        start = clock.now
        if !isAnimated { Output.error("\(name): running it once without a screen") }
    }

    /// Takes in the time that the run has reached.
    func take(_ time: Instant) {
        guard isAnimated else { return }
        let now = clock.now
        if let drawn, now - drawn < Self.pause { return }
        drawn = now
        let text = Self.text(name, time, of: expected, wallSeconds: (now - start).inSeconds)
        Output.progress(String(text.prefix(max(0, Screen.columns(of: STDERR_FILENO) - 1))))
    }

    /// Removes the line.
    func end() {
        if isAnimated { Output.progress("") }
    }

    /// `seed 7: running it once, 34 s of about 150 s (23 %), 12 times real time`.
    static func text(_ name: String, _ time: Instant, of expected: Duration, wallSeconds: Double) -> String {
        let seconds = max(0, time.nanoseconds) / 1_000_000_000
        let total = expected.nanoseconds / 1_000_000_000
        // What is waited for has no length of its own, so the run may take longer.
        let share = total > seconds ? " of about \(total) s (\(100 * seconds / total) %)" : " s, more than expected"
        let speed = wallSeconds > 0 ? ", \(Int(time.seconds / wallSeconds)) times real time" : ""
        return "\(name): running it once, \(seconds)\(share)\(speed)"
    }

    /// About how long a scenario takes: its waits, and its commands at later times.
    static func length(of scenario: Scenario) -> Duration {
        var time = Duration.zero
        var latest = Duration.zero
        for statement in scenario.statements {
            switch statement.command {
            case .wait(let span): time = time + span
            case .at(.sinceStart(let span), _): latest = max(latest, span)
            case .at(.fromNow(let span), _): latest = max(latest, time + span)
            case .expect, .ask, .header, .immediate: break
            }
        }
        return max(time, latest)
    }
}

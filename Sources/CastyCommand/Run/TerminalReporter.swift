import CastyCore
import CastyLive
import CastyObservability
import CastyScenario
import CastyTestbed
import Glibc
import Synchronization

/// One line per run on a terminal: while it runs, what it waits for; then its result, and why it failed.
final class TerminalReporter: RunReporter {
    private struct State {
        var story = RunLine.Story()
        var turn = 0
        var drawn: Instant?
    }

    /// Older events of a long run are forgotten.
    private static let mostLines = 20_000
    private static let pause = Duration.milliseconds(80)

    private let name: String
    private let file: String
    private let width: Int
    private let style: TextStyle
    private let isAnimated: Bool
    private let clock: LiveClock
    private let state = Mutex(State())

    /// - Parameter width: The width of the longest name in the list.
    init(_ scenario: Scenario, name: String, width: Int, _ style: TextStyle, clock: LiveClock) {
        self.name = name
        self.width = width
        self.style = style
        self.clock = clock
        file = scenario.file
        isAnimated = Screen.replacesLines(Output.isTerminal)
        draw(.start, waitsFor: { nil })
    }

    func hear(_ event: RuntimeEvent) {
        let isFailure = event.kind == .expectationFailed || event.kind == .invariantViolated
        let line = EventLine.text(of: event, style)
        state.withLock { state in
            if isFailure { state.story.failures.append((event, state.story.lines.count)) }
            guard let line else { return }
            state.story.lines.append((line, event.kind))
            guard state.story.lines.count > Self.mostLines else { return }
            let dropped = Self.mostLines / 2
            state.story.lines.removeFirst(dropped)
            for index in state.story.failures.indices {
                state.story.failures[index].at = max(0, state.story.failures[index].at - dropped)
            }
        }
    }

    func progress(_ time: Instant, waitsFor: () -> String?) { draw(time, waitsFor: waitsFor) }

    func finish(_ result: RunResult) {
        let story = state.withLock { $0.story }
        var lines = [RunLine.result(result, name: name, width: width, style)]
        // The reasons come last, because a person sees the end of the output.
        if result.status == .failed {
            lines = RunLine.events(story, style) + lines + RunLine.reasons(story, file: file, style)
        }
        Output.results(lines.joined(separator: "\n") + "\n")
    }

    private func draw(_ time: Instant, waitsFor: () -> String?) {
        guard isAnimated else { return }
        let turn: Int? = state.withLock { state in
            let now = clock.now
            if let drawn = state.drawn, now - drawn < Self.pause { return nil }
            state.drawn = now
            state.turn += 1
            return state.turn
        }
        guard let turn else { return }
        Output.status(
            RunLine.progress(
                name, width: width, seconds: Double(time.nanoseconds) / 1e9, waitsFor: waitsFor(), turn: turn,
                columns: Screen.columns(of: STDOUT_FILENO), style))
    }
}

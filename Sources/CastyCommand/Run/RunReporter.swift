import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Synchronization

/// Reports the progress of a run. Events come from any thread.
protocol RunReporter: Sendable {
    func hear(_ event: RuntimeEvent)
    /// Called now and then with the time of the run.
    func progress(_ time: Instant, waitsFor: () -> String?)
    func finish(_ result: RunResult)
}

/// One JSON object per line, for programs.
final class JSONReporter: RunReporter {
    private let buffer = LineBuffer()

    func hear(_ event: RuntimeEvent) { buffer.add(event.json) }

    func progress(_ time: Instant, waitsFor: () -> String?) { buffer.flush() }

    func finish(_ result: RunResult) {
        buffer.add(result.json)
        buffer.flush()
    }
}

/// Lines for a person: the events of the cluster, the scenario's notes and expectations, the result.
final class TextReporter: RunReporter {
    private let buffer = LineBuffer()
    private let heading: String?
    private let style: TextStyle
    private let hasBegun = Mutex(false)

    init(_ scenario: Scenario, _ style: TextStyle = .plain) {
        self.style = style
        let title = scenario.title.map { ": \($0)" } ?? ""
        heading = "\(scenario.file)\(title)".printable
    }

    func hear(_ event: RuntimeEvent) {
        let isFirst = hasBegun.withLock { begun in
            defer { begun = true }
            return !begun
        }
        if isFirst, let heading { buffer.add(heading) }
        if let line = EventLine.text(of: event, style) { buffer.add(line) }
    }

    func progress(_ time: Instant, waitsFor: () -> String?) { buffer.flush() }

    func finish(_ result: RunResult) {
        buffer.add(EventLine.text(of: result, style))
        buffer.flush()
    }
}

/// Collects lines and writes many at a time, in the order in which they were added.
final class LineBuffer: Sendable {
    private let text = Mutex("")

    func add(_ line: String) {
        text.withLock { text in
            text += line + "\n"
            if text.utf8.count > 1 << 16 { Self.write(&text) }
        }
    }

    func flush() { text.withLock { Self.write(&$0) } }

    private static func write(_ text: inout String) {
        Output.results(text)
        text = ""
    }
}

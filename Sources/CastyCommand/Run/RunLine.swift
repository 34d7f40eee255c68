import CastyCore
import CastyObservability
import CastyReporting
import CastyTestbed

/// The lines of `casty run` on a terminal.
enum RunLine {
    /// A run's events and its result, as far as the report of a failure shows them.
    struct Story {
        var lines: [(text: String, kind: EventKind)] = []
        /// The failed lines and violations, each with the number of lines before it.
        var failures: [(event: RuntimeEvent, at: Int)] = []
    }

    /// More events than this are shortened to those around the failures.
    static let mostEvents = 40
    private static let before = 12
    private static let after = 6

    /// The names of scenarios: the names of their files, or the paths if two files have the same name.
    static func names(of files: [String]) -> [String] {
        let names = files.map { file in
            let last = file.split(separator: "/").last.map(String.init) ?? file
            return last.hasSuffix(".casty") && last.count > 6 ? String(last.dropLast(6)) : last
        }
        return Set(names).count == names.count ? names : files
    }

    /// Seconds with one digit after the point.
    static func seconds(_ seconds: Double) -> String {
        let tenths = Int64((max(0, min(seconds, 1e12)) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// The line of a run that goes on.
    static func progress(
        _ name: String, width: Int, seconds: Double, waitsFor: String?, turn: Int, columns: Int, _ style: TextStyle
    ) -> String {
        let head = "\(style.spinner(turn)) \(padded(name, width))  \(right(Self.seconds(seconds), 9))"
        return String((head + (waitsFor.map { "  \($0)" } ?? "")).printable.prefix(max(0, columns - 1)))
    }

    /// The line of a finished run.
    static func result(_ result: RunResult, name: String, width: Int, _ style: TextStyle) -> String {
        let (mark, word, role): (String, String, TextStyle.Role) =
            switch result.status {
            case .passed: ("✓", "ok  ", .good)
            case .failed: ("✗", "FAIL", .bad)
            case .inconclusive: ("?", "??  ", .warning)
            }
        var parts = [count(result.expectations, "expectation")]
        if result.failed > 0 { parts.append("\(result.failed) failed") }
        if result.violations > 0 { parts.append("\(count(result.violations, "invariant")) violated") }
        if result.status == .inconclusive { parts.append("ended before its last line") }
        let name = result.status == .failed ? style.paint(padded(name, width), .strong) : padded(name, width)
        return style.paint(style.isUnicode ? mark : word, role) + " \(name)  "
            + right(seconds(result.seconds), 9) + "  " + style.paint(parts.joined(separator: ", "), .quiet)
    }

    /// The last line of several runs.
    static func total(_ results: [RunResult], wallSeconds: Double, _ style: TextStyle) -> String {
        func part(_ status: RunResult.Status, _ word: String, _ role: TextStyle.Role) -> String? {
            let number = results.count { $0.status == status }
            return number == 0 ? nil : style.paint("\(number) \(word)", role)
        }
        let parts = [
            part(.failed, "failed", .bad), part(.inconclusive, "inconclusive", .warning),
            part(.passed, "passed", .good),
        ]
        let virtual = results.reduce(0) { $0 + ($1.seed == nil ? 0 : $1.seconds) }
        return parts.compactMap(\.self).joined(separator: ", ") + " in \(seconds(wallSeconds))"
            + (virtual > 0 ? style.paint(" (\(Int(virtual.rounded())) s of virtual time)", .quiet) : "")
    }

    /// Why a run failed: each failed line, and what was seen instead.
    static func reasons(_ story: Story, file: String, _ style: TextStyle) -> [String] {
        var lines: [String] = []
        for (event, _) in story.failures {
            let position = event.line.map { $0 > 0 ? "\(file):\($0): " : "" } ?? ""
            let isInvariant = event.kind == .invariantViolated
            let subject = [event.subject, event.entity].compactMap(\.self).joined(separator: " ")
            let what =
                isInvariant
                ? "invariant \(event.reason?.word ?? "")" + (subject.isEmpty ? "" : ", \(subject)")
                : event.detail?.word ?? ""
            lines.append(
                "  \(position)\(what)   at \(RuntimeEvent.seconds(event.time)) s".printable)
            if let seen = isInvariant ? event.detail?.word : event.reason?.word {
                lines.append("  " + style.paint("seen: \(seen)".printable, .bad))
            }
        }
        return lines
    }

    /// The events of a run that failed: all, or those around the failures.
    static func events(_ story: Story, _ style: TextStyle) -> [String] {
        var lines: [String] = []
        var end = 0
        for window in windows(story) {
            if window.lowerBound > end { lines.append(gap(window.lowerBound - end, style)) }
            lines += story.lines[window].map { $0.text }
            end = window.upperBound
        }
        if end < story.lines.count { lines.append(gap(story.lines.count - end, style)) }
        return lines
    }

    private static func gap(_ hidden: Int, _ style: TextStyle) -> String {
        style.paint("          \(style.isUnicode ? "⋮" : ":") \(count(hidden, "event")); -v shows all", .quiet)
    }

    /// The ranges of events to show.
    private static func windows(_ story: Story) -> [Range<Int>] {
        let all = story.lines.count
        guard all > mostEvents else { return [0..<all] }
        return story.failures.prefix(5).reduce(into: [Range<Int>]()) { windows, failure in
            let next = max(0, failure.at - before)..<min(all, failure.at + after)
            if let last = windows.last, last.upperBound >= next.lowerBound {
                windows[windows.count - 1] = last.lowerBound..<max(last.upperBound, next.upperBound)
            } else {
                windows.append(next)
            }
        }
    }

    static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

    private static func padded(_ text: String, _ width: Int) -> String {
        let text = text.printable
        return text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

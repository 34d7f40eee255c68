import CastyCore
import CastyObservability
import Testing

@testable import CastyCommand
@testable import CastyTestbed

@Suite("The lines of casty run on a terminal")
struct RunLineTests {
    private static let colours = TextStyle(isColoured: true, isUnicode: true)
    private static let ascii = TextStyle(isColoured: false, isUnicode: false)

    private static func result(
        _ status: RunResult.Status, seconds: Double = 12.34, expectations: Int = 7, failed: Int = 0,
        violations: Int = 0,
        seed: UInt64? = 1
    ) -> RunResult {
        RunResult(
            file: "a.casty", status: status, seed: seed, expectations: expectations, failed: failed,
            violations: violations, steps: 1, seconds: seconds, digest: nil)
    }

    private static func event(
        _ kind: EventKind, at seconds: Double, text: String, reason: EventReason? = nil, line: Int? = nil
    ) -> RuntimeEvent {
        RuntimeEvent(
            time: .start + .milliseconds(Int(seconds * 1000)), id: EventID(node: "n1", number: 1), kind: kind,
            reason: reason, detail: .text(text), line: line)
    }

    @Test("a finished run is one line: mark, name, virtual time, expectations")
    func result() {
        #expect(
            RunLine.result(Self.result(.passed), name: "kill", width: 6, .plain)
                == "✓ kill       12.3 s  7 expectations")
        #expect(
            RunLine.result(Self.result(.failed, failed: 2, violations: 1), name: "kill", width: 4, .plain)
                == "✗ kill     12.3 s  7 expectations, 2 failed, 1 invariant violated")
        #expect(
            RunLine.result(Self.result(.inconclusive, expectations: 1), name: "kill", width: 4, .plain)
                == "? kill     12.3 s  1 expectation, ended before its last line")
    }

    @Test("without UTF-8 a result is a word, and every line is ASCII")
    func ascii() {
        let line = RunLine.result(Self.result(.failed, failed: 1), name: "kill", width: 4, Self.ascii)
        #expect(line == "FAIL kill     12.3 s  7 expectations, 1 failed")
        let progress = RunLine.progress(
            "kill", width: 4, seconds: 0, waitsFor: "wait 10s", turn: 1, columns: 80, Self.ascii)
        #expect(progress == "/ kill      0.0 s  wait 10s")
        #expect((line + progress).utf8.allSatisfy { $0 < 0x80 })
    }

    @Test("colours surround the words, and change nothing else")
    func colours() {
        let line = RunLine.result(Self.result(.passed), name: "kill", width: 4, Self.colours)
        #expect(line == "\u{1B}[32m✓\u{1B}[0m kill     12.3 s  \u{1B}[2m7 expectations\u{1B}[0m")
    }

    @Test("the line of a run that goes on never fills the last column", arguments: [0, 1, 2, 10, 40, 80])
    func progressFits(columns: Int) {
        let line = RunLine.progress(
            "kill", width: 30, seconds: 1e6, waitsFor: String(repeating: "x", count: 100), turn: 12, columns: columns,
            .plain)
        #expect(line.count == max(0, min(columns - 1, 245)))
    }

    @Test("names are those of the files, or paths where two files have one name")
    func names() {
        #expect(RunLine.names(of: ["demo/a.casty", "b.casty", "c"]) == ["a", "b", "c"])
        #expect(RunLine.names(of: ["x/a.casty", "y/a.casty"]) == ["x/a.casty", "y/a.casty"])
        #expect(RunLine.names(of: [".casty"]) == [".casty"])
    }

    @Test("the total counts each outcome, failures first")
    func total() {
        let passed = Self.result(.passed)
        #expect(
            RunLine.total([passed, passed], wallSeconds: 4.06, .plain) == "2 passed in 4.1 s (25 s of virtual time)")
        let mixed = [passed, Self.result(.failed), Self.result(.inconclusive)]
        #expect(RunLine.total(mixed, wallSeconds: 1, .plain).hasPrefix("1 failed, 1 inconclusive, 1 passed in 1.0 s"))
        let live = Self.result(.passed, seed: nil)
        #expect(RunLine.total([live], wallSeconds: 1, .plain) == "1 passed in 1.0 s")
    }

    @Test("a failure names the line, what was seen, and shows the events around it")
    func failure() {
        var story = RunLine.Story()
        for number in 1...60 { story.lines.append(("event \(number)", .memberUp)) }
        let failed = Self.event(
            .expectationFailed, at: 4.2, text: "expect n3 down", reason: .text("n1 sees n3 as up"), line: 17)
        story.failures = [(failed, 49)]
        #expect(
            RunLine.reasons(story, file: "a.casty", .plain) == [
                "  a.casty:17: expect n3 down   at 4.200 s", "  seen: n1 sees n3 as up",
            ])
        let lines = RunLine.events(story, .plain)
        #expect(lines[0] == "          ⋮ 37 events; -v shows all")
        #expect(lines[1] == "event 38")
        #expect(lines[18] == "event 55")
        #expect(lines[19] == "          ⋮ 5 events; -v shows all")
        #expect(lines.count == 20)
    }

    @Test("a short story is reported whole")
    func shortFailure() {
        var story = RunLine.Story()
        for number in 1...RunLine.mostEvents { story.lines.append(("event \(number)", .memberUp)) }
        story.failures = [(Self.event(.invariantViolated, at: 1, text: "two owners", reason: .rule("S2")), 3)]
        #expect(
            RunLine.reasons(story, file: "a.casty", .plain) == ["  invariant S2   at 1.000 s", "  seen: two owners"])
        #expect(RunLine.events(story, .plain) == story.lines.map(\.text))
    }
}

import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed
import Glibc

/// Reports the findings of an exploration while it runs.
struct ExploreReport: Sendable {
    private let json: Bool
    private let replay: String
    /// The number of seeds to explore.
    private let total: UInt64
    private let style = TextStyle(.auto, isTerminal: Output.errorIsTerminal, environment: Screen.environment)
    private let clock: LiveClock
    private let start: Instant
    private var latestProgress: Instant
    private var seeds = 0
    private(set) var failures = 0
    private var steps: UInt64 = 0
    private var seconds = 0.0
    private var exercised: Set<String> = []
    /// The rules that findings have violated.
    private var violated: [String] = []
    private var coverage = Coverage()
    /// Rules that no seed can test; `nil` if any rule may remain untested.
    private let notApplicable: [String]?

    /// The overall result of an exploration.
    enum Outcome: String {
        case passed
        case failed
        /// No seed failed, but some applicable rule was not tested by any seed.
        case inconclusive
    }

    init(json: Bool, replay: String, total: UInt64, notApplicable: [String]?, clock: LiveClock) {
        self.clock = clock
        self.notApplicable = notApplicable
        self.json = json
        self.replay = replay
        self.total = total
        start = clock.now
        latestProgress = start
        if Self.isAnimated { draw() }
    }

    /// Takes in the result of a seed, and reports a failure at once.
    ///
    /// - Parameter isFinal: Whether the scenario will not be minimised.
    mutating func take(_ finding: Finding, isFinal: Bool) {
        coverage.add(finding.scenario)
        seeds += 1
        steps += finding.result.steps ?? 0
        seconds += finding.result.seconds
        exercised.formUnion(finding.result.exercised)
        if let failure = finding.failure {
            failures += 1
            if let rule = failure.rule, !violated.contains(rule) { violated.append(rule) }
            if json { tellJSON(finding, failure) } else { tell(finding, failure, withFaults: isFinal) }
        }
        progress()
    }

    /// Reports a failure again, with only the faults that it needs.
    func shorten(_ finding: Finding) {
        guard json else {
            Output.line("  seed \(finding.seed) made shorter:")
            return tellFaults(finding)
        }
        var line = JSONLine()
        line.add("event", "minimised")
        line.add("seed", raw: "\(finding.seed)")
        line.add("scenario", finding.scenario.description)
        Output.line(line.text)
    }

    var outcome: Outcome { failures > 0 ? .failed : open.isEmpty ? .passed : .inconclusive }

    private func command(_ finding: Finding) -> String {
        "casty replay --seed \(finding.seed)\(replay)"
    }

    private func tell(_ finding: Finding, _ failure: RuntimeEvent, withFaults: Bool) {
        Output.line("FAIL seed \(finding.seed) at \(RuntimeEvent.seconds(failure.time)) s")
        Output.line("  \(EventLine.text(of: failure) ?? failure.json)")
        if withFaults { tellFaults(finding) }
        Output.line("  replay: \(command(finding))")
    }

    private func tellFaults(_ finding: Finding) {
        let faults = finding.scenario.statements.filter(Exploration.isFault)
        guard !faults.isEmpty else { return }
        Output.line("  with \(faults.count) faults:")
        for fault in faults { Output.line("    \(fault.command)") }
    }

    private func tellJSON(_ finding: Finding, _ failure: RuntimeEvent) {
        var line = JSONLine()
        line.add("event", "finding")
        line.add("seed", raw: "\(finding.seed)")
        line.add("t", raw: RuntimeEvent.seconds(failure.time))
        line.add("kind", failure.kind.rawValue)
        line.add("subject", failure.subject)
        line.add("entity", failure.entity)
        line.add("reason", failure.reason?.word)
        line.add("text", failure.detail?.word)
        line.add("scenario", finding.scenario.description)
        line.add("replay", command(finding) + " --headless")
        line.add("digest", finding.result.digest.map(RunResult.hex))
        Output.line(line.text)
    }

    private mutating func progress() {
        guard clock.now - latestProgress > (Self.isAnimated ? .milliseconds(100) : .seconds(30)) else { return }
        latestProgress = clock.now
        if Self.isAnimated { return draw() }
        Output.error("\(seeds) seeds, \(failures) failed, \(Int(seconds)) virtual s")
    }

    private static let isAnimated = Screen.replacesLines(Output.errorIsTerminal)

    private func draw() {
        let rules = InvariantChecks.ids.filter { !(notApplicable ?? []).contains($0) }
        let progress = ExploreProgress(
            done: UInt64(seeds), total: total, failures: failures, exercised: rules.count { exercised.contains($0) },
            rules: rules.count, seconds: (clock.now - start).inSeconds)
        Output.progress(progress.text(columns: Screen.columns(of: STDERR_FILENO), style))
    }

    /// The applicable invariants that no seed tested.
    private var inconclusive: [String] {
        InvariantChecks.ids.filter { !exercised.contains($0) && !(notApplicable ?? []).contains($0) }
    }

    /// What would exercise these rules, a line each.
    static func occasions(of rules: [String]) -> [String] {
        let width = rules.map(\.count).max() ?? 0
        return rules.compactMap { rule in
            guard let occasion = InvariantChecks.occasion(of: rule) else { return nil }
            return "    " + rule + String(repeating: " ", count: width - rule.count) + "  needs " + occasion
        }
    }

    /// Those of them that make the exploration inconclusive.
    private var open: [String] { notApplicable == nil ? [] : inconclusive }

    private var mark: String {
        switch outcome {
        case .passed: "✓"
        case .failed: "✗"
        case .inconclusive: "?"
        }
    }

    /// Reports the sum of all seeds.
    ///
    /// - Parameter isInterrupted: Whether the user has ended the exploration before its last seed.
    func finish(isInterrupted: Bool = false) {
        if Self.isAnimated { Output.progress("") }
        let wall = (clock.now - start).inSeconds
        let speed = wall > 0 ? seconds / wall : 0
        if json {
            var line = JSONLine()
            line.add("event", "explored")
            line.add("status", isInterrupted && failures == 0 ? Outcome.inconclusive.rawValue : outcome.rawValue)
            if isInterrupted { line.add("interrupted", raw: "true") }
            line.add("seeds", seeds)
            line.add("failed", failures)
            line.add("steps", steps)
            line.add("inconclusive", inconclusive)
            line.add("not_applicable", notApplicable ?? [])
            line.add("coverage", raw: coverage.json)
            line.add("virtual_s", raw: RunResult.rounded(seconds))
            line.add("wall_s", raw: RunResult.rounded(wall))
            Output.line(line.text)
        } else {
            let of = isInterrupted ? " of \(total)" : ""
            Output.line(
                "\(isInterrupted && failures == 0 ? "?" : mark) \(seeds)\(of) seeds, \(failures) failed"
                    + "\(isInterrupted ? ", interrupted" : ""); \(Int(seconds)) virtual s in "
                    + "\(RunResult.rounded(wall)) s (\(Int(speed)) times real time), \(steps) steps")
            for line in coverage.lines { Output.line("  \(line)") }
            if isInterrupted, !inconclusive.isEmpty {
                Output.line("  not exercised so far: \(inconclusive.count) rules")
            } else if !inconclusive.isEmpty {
                let word = open.isEmpty ? "not exercised" : "inconclusive: never exercised"
                Output.line("  \(word): \(inconclusive.joined(separator: ", "))")
                for line in Self.occasions(of: inconclusive) { Output.line(line) }
            }
            if !isInterrupted, let notApplicable, !notApplicable.isEmpty {
                Output.line("  not applicable: \(notApplicable.joined(separator: ", "))")
            }
            let named = violated + (isInterrupted ? [] : inconclusive + (notApplicable ?? []))
            if let legend = RuleFamilies.legend(of: named) { Output.line("  rules: \(legend)") }
        }
    }
}

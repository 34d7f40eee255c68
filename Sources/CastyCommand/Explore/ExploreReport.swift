import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyReporting
import CastyScenario
import CastyTestbed

/// Reports the findings of an exploration while it runs.
struct ExploreReport: Sendable {
    private let json: Bool
    private let replay: String
    private let clock: LiveClock
    private let start: Instant
    private var latestProgress: Instant
    private var seeds = 0
    private(set) var failures = 0
    private var steps: UInt64 = 0
    private var seconds = 0.0
    private var exercised: Set<String> = []
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

    init(json: Bool, replay: String, notApplicable: [String]?, clock: LiveClock) {
        self.clock = clock
        self.notApplicable = notApplicable
        self.json = json
        self.replay = replay
        start = clock.now
        latestProgress = start
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
        let isTerminal = Output.errorIsTerminal
        guard clock.now - latestProgress > .seconds(isTerminal ? 1 : 30) else { return }
        latestProgress = clock.now
        let text = "\(seeds) seeds, \(failures) failed, \(Int(seconds)) virtual s"
        if isTerminal { Output.progress(text) } else { Output.error(text) }
    }

    /// The applicable invariants that no seed tested.
    private var inconclusive: [String] {
        InvariantChecks.ids.filter { !exercised.contains($0) && !(notApplicable ?? []).contains($0) }
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

    func finish() {
        if Output.errorIsTerminal { Output.progress("") }
        let wall = (clock.now - start).inSeconds
        let speed = wall > 0 ? seconds / wall : 0
        if json {
            var line = JSONLine()
            line.add("event", "explored")
            line.add("status", outcome.rawValue)
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
            Output.line(
                "\(mark) \(seeds) seeds, \(failures) failed; \(Int(seconds)) virtual s in "
                    + "\(RunResult.rounded(wall)) s (\(Int(speed)) times real time), \(steps) steps")
            for line in coverage.lines { Output.line("  \(line)") }
            if !inconclusive.isEmpty {
                let word = open.isEmpty ? "not exercised" : "inconclusive: never exercised"
                Output.line("  \(word): \(inconclusive.joined(separator: ", "))")
            }
            if let notApplicable, !notApplicable.isEmpty {
                Output.line("  not applicable: \(notApplicable.joined(separator: ", "))")
            }
        }
    }
}

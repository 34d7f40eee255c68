import CastyInspection
import CastyLab
import CastyPrimitives
import CastyScenario

/// Tells what an exploration finds, while it goes on.
struct ExploreReport: Sendable {
    private let json: Bool
    private let replay: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var latestProgress: ContinuousClock.Instant
    private var seeds = 0
    private(set) var failures = 0
    private var steps: UInt64 = 0
    private var seconds = 0.0
    private var exercised: Set<String> = []

    init(json: Bool, replay: String) {
        self.json = json
        self.replay = replay
        start = clock.now
        latestProgress = start
    }

    mutating func take(_ finding: Finding) {
        seeds += 1
        steps += finding.result.steps ?? 0
        seconds += finding.result.seconds
        exercised.formUnion(finding.result.exercised)
        if let failure = finding.failure {
            failures += 1
            if json { tellJSON(finding, failure) } else { tell(finding, failure) }
        }
        progress()
    }

    private func command(_ finding: Finding) -> String {
        "casty replay --seed \(finding.seed)\(replay)"
    }

    private func tell(_ finding: Finding, _ failure: RuntimeEvent) {
        let faults = finding.scenario.statements.filter(Exploration.isFault)
        Output.line("FAIL seed \(finding.seed) at \(RuntimeEvent.seconds(failure.time)) s")
        Output.line("  \(EventLine.text(of: failure) ?? failure.json)")
        if !faults.isEmpty {
            Output.line("  with \(faults.count) faults:")
            for fault in faults { Output.line("    \(fault.command)") }
        }
        Output.line("  replay: \(command(finding))")
    }

    private func tellJSON(_ finding: Finding, _ failure: RuntimeEvent) {
        var line = JSONLine()
        line.add("event", "finding")
        line.add("seed", raw: "\(finding.seed)")
        line.add("t", raw: RuntimeEvent.seconds(failure.time))
        line.add("kind", failure.kind.rawValue)
        line.add("subject", failure.subject)
        line.add("entity", failure.entity)
        line.add("reason", failure.reason)
        line.add("text", failure.text)
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

    /// The invariants that no seed put to the test.
    private var unproven: [String] { InvariantChecks.ids.filter { !exercised.contains($0) } }

    func finish() {
        if Output.errorIsTerminal { Output.progress("") }
        let wall = (clock.now - start) / .seconds(1)
        let speed = wall > 0 ? seconds / wall : 0
        if json {
            var line = JSONLine()
            line.add("event", "explored")
            line.add("status", failures == 0 ? "passed" : "failed")
            line.add("seeds", seeds)
            line.add("failed", failures)
            line.add("steps", steps)
            line.add("unproven", unproven)
            line.add("virtual_s", raw: RunResult.rounded(seconds))
            line.add("wall_s", raw: RunResult.rounded(wall))
            Output.line(line.text)
        } else {
            Output.line(
                "\(failures == 0 ? "✓" : "✗") \(seeds) seeds, \(failures) failed; \(Int(seconds)) virtual s in "
                    + "\(RunResult.rounded(wall)) s (\(Int(speed)) times real time), \(steps) steps")
            if !unproven.isEmpty { Output.line("  not exercised: \(unproven.joined(separator: ", "))") }
        }
    }
}

import ArgumentParser
import CastyActors
import CastyCore
import CastyInvariants
import CastyLive
import CastyScenario
import CastyTestbed
import Glibc
import Synchronization

/// `casty explore`: random faults over many seeds, with all invariants checked.
struct ExploreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore", abstract: "Search for faults: random failures over many seeds, all invariants on.",
        discussion: """
            Each seed draws its own cluster: 1 to 16 nodes, some of which join later, a seed list, roles, a downing \
            strategy. It injects faults into the cluster under load, then heals everything and expects that all nodes \
            agree and every shard serves within stated bounds. A failing seed is printed at once, with the line that \
            replays it, and then made shorter. Exits with 1 if any seed failed; Ctrl-C \
            reports what was done so far. Where no seed put a rule to the test \
            that could have been, the exploration is inconclusive and names the rule; with --strict it exits with 1 \
            then too.
            """)

    @Option(help: ArgumentHelp("How many seeds, from 1 on; 1000 by default.", valueName: "count"))
    var seeds: UInt64?

    @Option(help: ArgumentHelp("The first seed.", valueName: "seed"))
    var from: UInt64?

    @Option(help: ArgumentHelp("The last seed.", valueName: "seed"))
    var to: UInt64?

    @OptionGroup var faults: FaultOptions

    @Option(
        help: ArgumentHelp("Run this scenario with each seed instead of random faults.", valueName: "file"),
        completion: .file())
    var scenario: String?

    @Option(
        help: ArgumentHelp("\(Preset.choice).", valueName: "preset"),
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: Preset?

    @Option(help: ArgumentHelp("How many runs at the same time.", valueName: "count"))
    var jobs = 2

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Exit with 1 also where the exploration is inconclusive.")
    var strict = false

    @Flag(help: "Print failing seeds as they are, without making them shorter.")
    var noMinimise = false

    @Flag(help: "Crash a node after every single step of a handoff and of a fail-over, instead of random faults.")
    var crashPoints = false

    @Option(help: ArgumentHelp("With --crash-points: only after every Nth step.", valueName: "steps"))
    var stride = 1

    @Option(help: ArgumentHelp("With --crash-points: one run only, as handoff/2/17.", valueName: "story/node/step"))
    var point: CrashPoint?

    func validate() throws {
        guard stride >= 1 else { throw ValidationError("--stride is at least 1, not \(stride).") }
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs is 1 to 256, not \(jobs).") }
        if seeds != nil, from != nil || to != nil { throw ValidationError("Say --seeds, or --from and --to.") }
        if seeds == 0 { throw ValidationError("--seeds is at least 1.") }
        guard range.lower <= range.upper else { throw ValidationError("--from is not after --to.") }
    }

    private var range: (lower: UInt64, upper: UInt64) {
        let lower = from ?? 1
        return (lower, to ?? (seeds ?? (from == nil ? 1000 : 1)) &+ lower &- 1)
    }

    /// The number of seeds.
    private var count: UInt64 {
        let (difference, overflow) = range.upper.subtractingReportingOverflow(range.lower)
        return overflow || difference == .max ? .max : difference + 1
    }

    func run() throws {
        if crashPoints { return try crashEverywhere() }
        let file = try scenario.map(ScenarioFile.read)
        let exploration = faults.exploration(preset: preset)
        // Only the user knows which rules apply to the user's own scenario.
        let rules = file == nil ? exploration.notApplicable : nil
        let report = SharedReport(
            ExploreReport(json: json, replay: replayWords, total: count, notApplicable: rules, clock: LiveClock()))
        let signals = Signals([SIGINT]) { _ in report.interrupt() }
        defer { signals.end() }
        let seeds = SeedSource(range.lower...range.upper)
        let (preset, minimises) = (preset, !noMinimise && file == nil)
        let threads = (0..<jobs).map { _ in
            LiveThread {
                while let seed = seeds.next() {
                    let scenario = file ?? exploration.scenario(seed: seed)
                    let finding = Finding.run(scenario, seed: seed, preset: preset, lenient: file == nil)
                    report.take(finding, isFinal: !minimises)
                    if finding.failure != nil, minimises { report.shorten(finding.minimised(preset: preset)) }
                }
            }
        }
        for thread in threads { thread.join() }
        let outcome = report.finish()
        if outcome == .failed || strict && outcome == .inconclusive { throw ExitCode(1) }
    }

    /// The options that a replay needs besides the seed.
    private var replayWords: String {
        let chosen = scenario.map { [$0] } ?? faults.words
        return (chosen + (preset.map { ["--preset \($0.rawValue)"] } ?? [])).map { " " + $0 }.joined()
    }
}

/// Gives each worker its next seed.
private final class SeedSource: Sendable {
    private let state: Mutex<(next: UInt64, left: UInt64)>

    init(_ seeds: ClosedRange<UInt64>) {
        let (count, overflow) = (seeds.upperBound - seeds.lowerBound).addingReportingOverflow(1)
        state = Mutex((seeds.lowerBound, overflow ? .max : count))
    }

    func next() -> UInt64? {
        state.withLock { state in
            guard state.left > 0 else { return nil }
            state.left -= 1
            defer { state.next &+= 1 }
            return state.next
        }
    }
}

/// The report that all workers write.
private final class SharedReport: Sendable {
    private let report: Mutex<ExploreReport>

    init(_ report: ExploreReport) { self.report = Mutex(report) }

    func take(_ finding: Finding, isFinal: Bool) { report.withLock { $0.take(finding, isFinal: isFinal) } }

    func shorten(_ finding: Finding) { report.withLock { $0.shorten(finding) } }

    /// Reports what was done, and ends the process as the signal would have. No seed is reported after that.
    func interrupt() {
        report.withLock { report in
            // A second Ctrl-C ends the process even if nothing reads its output.
            signal(SIGINT, SIG_DFL)
            report.finish(isInterrupted: true)
            Output.drain(atMost: .seconds(1))
            exit(128 + SIGINT)
        }
    }

    /// Ends the report.
    func finish() -> ExploreReport.Outcome {
        report.withLock { report in
            report.finish()
            return report.outcome
        }
    }
}

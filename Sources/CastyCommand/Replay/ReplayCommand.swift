import ArgumentParser
import CastyActors
import CastyConsole
import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyScenario
import CastyTestbed

/// `casty replay`: shows a found or recorded run in the console.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Open a scenario, what a seed of explore does, or a recording of casty attach in the console.",
        discussion: """
            Runs it once without a screen, then opens the console on the same run in the simulated world, stopped one second before \
            the first failure. From there go a step on (.) or back (,), play (p), look at the causes (w), or change what happens.
            Without a file the scenario is the one that casty explore makes of the seed and of the same options.

            A recording of casty attach --record is shown as it was seen, from a second before the first sign of trouble on: it \
            plays, steps and goes back, but cannot be changed. --scenario makes a scenario of one of its moments, which can.
            """)

    @Argument(
        help: ArgumentHelp(
            "A scenario, whose own seed counts where --seed is not given; or a recording of casty attach.",
            valueName: "file"), completion: .file())
    var file: String?

    @OptionGroup var world: WorldOptions
    @OptionGroup var faults: FaultOptions

    @Option(help: ArgumentHelp("Stop at this moment instead, as 83s.", valueName: "time"))
    var at: ScenarioDuration?

    @Flag(
        help:
            "Only run it, without a screen, and say how it came out; exits as casty run does. Of a recording: print its events."
    )
    var headless = false

    @Flag(help: "With --headless: one JSON object a line.")
    var json = false

    @Flag(
        name: .customLong("scenario"),
        help: "Of a recording: print a scenario that goes on in the simulated world from --at, or from its end.")
    var printsScenario = false

    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        guard file != nil || world.seed != nil else {
            throw ValidationError(
                "Say a scenario or a recording, or --seed with the seed that casty explore has named.")
        }
    }

    func run() throws {
        if let file, let recording = try RecordingFile.read(file) { return try show(recording, of: file) }
        guard !printsScenario else {
            throw ValidationError("--scenario makes a scenario of a recording, and there is none")
        }
        let scenario =
            try file.map(ScenarioFile.read)
            ?? faults.exploration(preset: world.preset).scenario(seed: world.seed ?? 1)
        var options = RunOptions(seed: world.seed, preset: world.preset)
        options.toleratesRefusals = file == nil
        if headless { return try runThrough(scenario, options) }
        let finding = search(scenario, options)
        var plan = ConsolePlan(
            settings: TestClusterSettings(scenario, preset: world.preset), header: scenario.header,
            preset: world.preset ?? scenario.header.preset,
            nodes: scenario.header.nodes ?? Scenario.defaultNodes, seed: finding.seed, script: scenario.body,
            title: scenario.title ?? scenario.file)
        let failure = finding.failure
        // A full step of the grid, like every time at which a person acts.
        let wanted = at.map { .start + $0.duration } ?? failure.map { max(.start, $0.time - .seconds(1)) } ?? .start
        let grid = SimulatedClusterWorld.grid.nanoseconds
        plan.beginsAt = Instant(nanoseconds: wanted.nanoseconds / grid * grid)
        plan.greeting = failure.map {
            "fails at \(Words.moment($0.time)): \(EventLine.text(of: $0) ?? $0.kind.rawValue)"
        }
        plan.greeting = plan.greeting ?? Self.passed(finding)
        plan.keepsGreeting = true
        try screen.show(plan, named: "replay", clock: .system)
    }

    /// Runs it once without a screen, and says meanwhile how far it is.
    private func search(_ scenario: Scenario, _ options: RunOptions) -> Finding {
        let progress = ReplayProgress(scenario, clock: LiveClock())
        defer { progress.end() }
        return Finding.run(
            scenario, seed: options.seed(of: scenario), preset: world.preset, lenient: options.toleratesRefusals
        ) { progress.take($0) }
    }

    /// What is said of a run in which nothing failed.
    static func passed(_ finding: Finding) -> String {
        let end = Words.moment(.start + .milliseconds(Int64((finding.result.seconds * 1000).rounded())))
        switch finding.result.status {
        case .passed, .failed:
            return "seed \(finding.seed) passed: no expectation and no invariant failed; it ends at \(end)"
        case .inconclusive: return "seed \(finding.seed) failed in nothing, but ended at \(end), before its last line"
        }
    }

    /// Shows a recording; what belongs to runs is refused.
    private func show(_ recording: Recording, of file: String) throws {
        guard world.seed == nil, world.preset == nil else {
            throw ValidationError("--seed and --preset are of scenarios, and \(file) is a recording")
        }
        let replay = RecordedReplay(path: file, recording: recording, moment: at.map { .start + $0.duration })
        if printsScenario { return try replay.printScenario() }
        if headless || json { return replay.printEvents(asJSON: json) }
        try replay.show(on: screen)
    }

    private func runThrough(_ scenario: Scenario, _ options: RunOptions) throws {
        let reporter: any RunReporter =
            json ? JSONReporter() : TextReporter(scenario)
        let clock = LiveClock()
        let start = clock.now
        let runner = ScenarioRunner(
            scenario, options: options, checkers: .all, hear: { reporter.hear($0) },
            progress: { reporter.progress($0.testbed.now, waitsFor: { nil }) }
        )
        var result = runner.run()
        result.wallSeconds = (clock.now - start).inSeconds
        reporter.finish(result)
        if result.status != .passed { throw ExitCode(1) }
    }
}

import ArgumentParser
import CastyCore
import CastyInvariants
import CastyLive
import CastyObservability
import CastyScenario
import CastyTestbed

/// `casty run`: runs scenarios without a screen.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run scenarios without a screen.",
        discussion: """
            Exits with 0 if all passed, 1 if an expectation or an invariant failed, 65 for a bad scenario, 66 for a file that \
            cannot be read, 64 for a wrong command line.
            """)

    @Argument(
        help: ArgumentHelp("Scenario files, run one after the other.", valueName: "scenario"), completion: .file())
    var scenarios: [String]

    @OptionGroup var world: WorldOptions

    @Flag(help: "Run over real loopback TCP, in real time.")
    var live = false

    @Flag(help: "Print one JSON object a line: events, then a result for each file.")
    var json = false

    @Option(help: ArgumentHelp("End each run there at the latest, as 90s.", valueName: "time"))
    var until: ScenarioDuration?

    @Option(help: ArgumentHelp("Multiply the time of every `within` and `wait` by this.", valueName: "factor"))
    var slack = 1.0

    @Flag(name: .shortAndLong, help: "Print all events, as without a terminal; otherwise one line for each run.")
    var verbose = false

    @Option(help: "Colours: auto, always or never.")
    var color = TextStyle.Colours.auto

    @Flag(help: "Go on after a failed expectation.")
    var keepGoing = false

    func validate() throws {
        guard slack >= 0.001, slack <= 1000 else { throw ValidationError("--slack is 0.001 to 1000, not \(slack).") }
    }

    func run() throws {
        let parsed = try scenarios.map { try ScenarioFile.read($0) }
        for scenario in parsed { try ScenarioFile.check(scenario, preset: world.preset) }
        if live {
            // Live nodes do not wait for the reader of their events.
            Output.startQueues(limit: 64 << 20, mayDrop: false, notice: json ? Output.jsonNotice : Output.notice)
            for scenario in parsed { try FileLimit.require(nodes: scenario.nodesStarted, for: "run") }
        }
        let options = RunOptions(
            seed: world.seed, live: live, preset: world.preset, slack: slack, until: until?.duration,
            keepsGoing: keepGoing)
        let style = TextStyle(color, isTerminal: Output.isTerminal, environment: Screen.environment)
        let clock = LiveClock()
        let begun = clock.now
        var results: [RunResult] = []
        for (scenario, reporter) in zip(parsed, reporters(parsed, style, clock)) {
            let start = clock.now
            let runner = ScenarioRunner(
                scenario, options: options, checkers: .all, hear: { reporter.hear($0) },
                progress: { runner in reporter.progress(runner.testbed.now) { runner.waitsFor } })
            var result = runner.run()
            result.wallSeconds = (clock.now - start).inSeconds
            reporter.finish(result)
            results.append(result)
        }
        if Output.isTerminal, !json, results.count > 1 {
            Output.results(RunLine.total(results, wallSeconds: (clock.now - begun).inSeconds, style) + "\n")
        }
        if !results.allSatisfy({ $0.status == .passed }) { throw ExitCode(1) }
    }

    /// The reporter of each run, made when its run begins.
    private func reporters(
        _ scenarios: [Scenario], _ style: TextStyle, _ clock: LiveClock
    ) -> some Sequence<any RunReporter> {
        let names = RunLine.names(of: scenarios.map(\.file))
        let width = names.map(\.count).max() ?? 0
        return zip(scenarios, names).lazy.map { scenario, name -> any RunReporter in
            if json { return JSONReporter() }
            if verbose || !Output.isTerminal { return TextReporter(scenario, style) }
            return TerminalReporter(scenario, name: name, width: width, style, clock: clock)
        }
    }
}

/// The options of all commands that run a scenario.
struct WorldOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The seed that all randomness follows from; beats the scenario's.", valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp("\(Preset.choice); beats the scenario's.", valueName: "preset"),
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: Preset?
}

extension Preset: ExpressibleByArgument {}

/// A duration in scenario syntax.
struct ScenarioDuration: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        guard let duration = Duration(scenarioText: argument) else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { duration.scenarioText }
}

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

    @Argument(help: ArgumentHelp("Scenario files, run one after the other.", valueName: "scenario"))
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

    @Flag(help: "Go on after a failed expectation.")
    var keepGoing = false

    func validate() throws {
        guard slack >= 0.001, slack <= 1000 else { throw ValidationError("--slack is 0.001 to 1000, not \(slack).") }
    }

    func run() throws {
        let parsed = try scenarios.map(ScenarioFile.read)
        for scenario in parsed { try ScenarioFile.check(scenario, preset: world.preset) }
        if live {
            // Live nodes do not wait for the reader of their events.
            Output.startQueues(limit: 64 << 20, mayDrop: false, notice: json ? Output.jsonNotice : Output.notice)
            for scenario in parsed { try FileLimit.require(nodes: scenario.nodesStarted, for: "run") }
        }
        let options = RunOptions(
            seed: world.seed, live: live, preset: world.preset, slack: slack, until: until?.duration,
            keepsGoing: keepGoing)
        let clock = LiveClock()
        var allPassed = true
        for scenario in parsed {
            let reporter: any RunReporter =
                json ? JSONReporter() : TextReporter(scenario, options, manyFiles: parsed.count > 1)
            let start = clock.now
            let runner = ScenarioRunner(
                scenario, options: options, checkers: .all, hear: { reporter.hear($0) },
                progress: { reporter.progress($0) })
            var result = runner.run()
            result.wallSeconds = (clock.now - start).inSeconds
            reporter.finish(result)
            allPassed = allPassed && result.status == .passed
        }
        if !allPassed { throw ExitCode(1) }
    }
}

/// The options of all commands that run a scenario.
struct WorldOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The seed that all randomness follows from; beats the scenario's.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("responsive or lan; beats the scenario's.", valueName: "preset"))
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

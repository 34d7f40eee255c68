import ArgumentParser
import CastyLab
import CastyPrimitives
import CastyScenario

/// `casty explore`: random faults over many seeds, all invariants on.
struct ExploreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore", abstract: "Search for faults: random failures over many seeds, all invariants on.",
        discussion: """
            Each seed makes its own cluster under load, strikes it with faults, then heals everything and expects that \
            all nodes agree and every shard serves within stated bounds. A failing seed is made shorter and printed with \
            the line that replays it. Exits with 1 if any seed failed.
            """)

    @Option(help: ArgumentHelp("How many seeds, from 1 on.", valueName: "count"))
    var seeds: UInt64?

    @Option(help: ArgumentHelp("The first seed.", valueName: "seed"))
    var from: UInt64?

    @Option(help: ArgumentHelp("The last seed.", valueName: "seed"))
    var to: UInt64?

    @Option(help: ArgumentHelp("How many nodes, 2 to 50.", valueName: "count"))
    var nodes = 5

    @Option(help: ArgumentHelp("How long faults strike, as 120s.", valueName: "time"))
    var time: ScenarioDuration?

    @Option(
        help: ArgumentHelp(
            "all, or some of \(FaultFamily.allCases.map(\.rawValue).joined(separator: ",")).", valueName: "list"))
    var faults = "all"

    @Option(help: ArgumentHelp("Run this scenario with each seed instead of random faults.", valueName: "file"))
    var scenario: String?

    @Option(help: ArgumentHelp("responsive or lan.", valueName: "preset"))
    var preset: Preset?

    @Option(help: ArgumentHelp("How many runs at the same time.", valueName: "count"))
    var jobs = 2

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Print failing seeds as they are, without making them shorter.")
    var noMinimise = false

    func validate() throws {
        guard (2...50).contains(nodes) else { throw ValidationError("--nodes is 2 to 50, not \(nodes).") }
        guard (1...256).contains(jobs) else { throw ValidationError("--jobs is 1 to 256, not \(jobs).") }
        if seeds != nil, from != nil || to != nil { throw ValidationError("Say --seeds, or --from and --to.") }
        if seeds == 0 { throw ValidationError("--seeds is at least 1.") }
        guard range.lower <= range.upper else { throw ValidationError("--from is not after --to.") }
        if case .failure(let error) = FaultFamily.list(faults) { throw ValidationError("\(error)") }
    }

    private var range: (lower: UInt64, upper: UInt64) {
        let lower = from ?? 1
        return (lower, to ?? (seeds ?? (from == nil ? 1000 : 1)) &+ lower &- 1)
    }

    func run() async throws {
        let file = try scenario.map(ScenarioFile.read)
        let exploration = Exploration(
            nodes: nodes, time: time?.duration ?? .seconds(120), families: (try? FaultFamily.list(faults).get()) ?? [])
        let report = ExploreReport(json: json, replay: replayWords)
        let (lower, upper) = range
        let (preset, minimises) = (preset, !noMinimise && file == nil)
        await withTaskGroup(of: Finding.self) { group in
            var next = lower
            var isDone = false
            func add() {
                guard !isDone else { return }
                let seed = next
                isDone = seed == upper
                next &+= 1
                group.addTask {
                    let scenario = file ?? exploration.scenario(seed: seed)
                    let finding = Finding.run(scenario, seed: seed, preset: preset, lenient: file == nil)
                    return finding.failure != nil && minimises ? finding.minimised(preset: preset) : finding
                }
            }
            for _ in 0..<jobs { add() }
            for await finding in group {
                report.take(finding)
                add()
            }
        }
        report.finish()
        if report.failures > 0 { throw ExitCode(1) }
    }

    /// The options that a replay must repeat.
    private var replayWords: String {
        var words: [String] = []
        if nodes != 5 { words.append("--nodes \(nodes)") }
        if let time { words.append("--time \(time.duration.scenarioText)") }
        if faults != "all" { words.append("--faults \(faults)") }
        if let scenario { words.append("--scenario \(scenario)") }
        if let preset { words.append("--preset \(preset.rawValue)") }
        return words.map { " " + $0 }.joined()
    }
}

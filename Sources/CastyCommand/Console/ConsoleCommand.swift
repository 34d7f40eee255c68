import ArgumentParser
import CastyInvariants
import CastyScenario
import CastyTestbed
import Foundation

/// `casty console`: the testbed on a screen.
struct OpenConsole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Open the console on nodes of this process.",
        discussion: """
            Starts nodes, live over loopback TCP or, with --sim, in the simulated world, and shows members, failure detection, gossip and \
            shards as they change. Press ? for the keys, : for the command line, q to quit.
            """)

    @Option(help: "How many nodes start, 1…100, live as far as open files reach; the script's, or 3, by default.")
    var nodes: Int?
    @Option(help: "How many shards each sample type has, 1…16384; the script's, or 24, by default.")
    var shards: Int?
    @Flag(help: "Virtual time and a simulated network: pause, step, speed and rewind work.")
    var sim = false
    @Option(help: "The seed of the simulated world; the script's, or 1, by default.")
    var seed: UInt64?
    @Option(help: "Virtual seconds per real second, as 2x or 0.5x.")
    var speed = "1x"
    @Option(
        help: "Timings: \(Preset.choice); the script's, or responsive, by default.",
        completion: .list(Preset.allCases.map(\.rawValue)))
    var preset: String?
    @Option(help: "A scenario whose commands are carried out meanwhile.", completion: .file())
    var script: String?
    @Option(
        help: "Write what is done here to this file, as a scenario that casty run and casty replay repeat.",
        completion: .file())
    var record: String?
    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if let nodes, !(1...100).contains(nodes) { throw ValidationError("--nodes takes 1…100, not \(nodes)") }
        if let shards, !(1...16_384).contains(shards) {
            throw ValidationError("--shards takes 1…16384, not \(shards)")
        }
        _ = try timings()
        _ = try factor()
        guard sim || seed == nil else { throw ValidationError("--seed is of the simulated world: say --sim too") }
        guard sim || speed == "1x" else { throw ValidationError("--speed is of virtual time: say --sim too") }
    }

    func run() throws {
        let plan = try plan()
        // An unwritable recording has to be reported at once, not at the end of the session.
        if let record {
            do {
                try "".write(toFile: record, atomically: true, encoding: .utf8)
            } catch {
                Output.error("casty console: --record \(record) cannot be written: \(error.localizedDescription)")
                throw ExitCode(73)
            }
        }
        try screen.show(plan, named: "console", clock: .system)
    }

    private func plan() throws -> ConsolePlan {
        let scenario = try script.map { try ScenarioFile.read($0) }
        let header = scenario?.header ?? ScenarioHeader()
        let started = nodes ?? scenario?.nodesStarted ?? Scenario.defaultNodes
        var settings = TestClusterSettings(header, nodes: started, preset: try timings())
        if let shards { settings.shards = shards }
        return ConsolePlan(
            settings: settings, header: header, preset: try timings() ?? header.preset,
            nodes: nodes ?? header.nodes ?? Scenario.defaultNodes,
            seed: sim ? seed ?? header.seed ?? 1 : nil, speed: try factor(), script: scenario?.body ?? [],
            record: record, title: scenario.map { $0.title ?? $0.file } ?? "")
    }

    private func timings() throws -> Preset? {
        try preset.map { name in
            guard let preset = Preset(rawValue: name) else {
                throw ValidationError("--preset is \(Preset.choice), not \(name)")
            }
            return preset
        }
    }

    private func factor() throws -> Double {
        let number = speed.hasSuffix("x") ? String(speed.dropLast()) : speed
        guard let factor = Double(number), factor >= 1.0 / 64, factor <= 64 else {
            throw ValidationError("--speed is a factor from 1/64 to 64, as 2x or 0.5x, not \(speed)")
        }
        return factor
    }
}

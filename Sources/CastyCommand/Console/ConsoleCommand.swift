import ArgumentParser
import CastyConsole
import CastyInspection
import CastyLab
import CastyPrimitives
import CastyScenario
import CastyTerminal
import Foundation

/// `casty console`: the laboratory on a screen.
struct OpenConsole: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Open the console on nodes of this process.",
        discussion: """
            Starts nodes, live over loopback TCP or, with --sim, in the simulated world, and shows members, failure detection, gossip and \
            shards as they change. Press ? for the keys, : for the command line, q to quit.
            """)

    @Option(help: "How many nodes start, 1…60; the script's, or 3, by default.")
    var nodes: Int?
    @Option(help: "How many shards each sample type has, 1…16384; the script's, or 24, by default.")
    var shards: Int?
    @Flag(help: "Virtual time and a simulated network: pause, step, speed and rewind work.")
    var sim = false
    @Option(help: "The seed of the simulated world; the script's, or 1, by default.")
    var seed: UInt64?
    @Option(help: "Virtual seconds per real second, as 2x or 0.5x.")
    var speed = "1x"
    @Option(help: "Timings: responsive or lan; the script's, or responsive, by default.")
    var preset: String?
    @Option(help: "Print one frame of this size as text and end, as 120x40; needs no terminal.")
    var snapshot: String?
    @Option(help: "A scenario whose commands are carried out meanwhile.")
    var script: String?
    @Flag(help: "With --snapshot: with colours.")
    var ansi = false
    @Option(help: "Colours: auto, never, 16 or 256.")
    var color = "auto"
    @Option(help: "Colours for: standard, safe (colour-blind), bright, quiet, mono.")
    var theme = "standard"
    @Flag(help: "Draw with ASCII only.")
    var ascii = false
    @Flag(name: .customLong("no-mouse"), help: "Leave the mouse to the terminal.")
    var noMouse = false
    @Option(help: "Frames a second at most, 1…60.")
    var fps = 20
    @Flag(
        name: .customLong("no-supervise"),
        help: "Do without the parent process that gives the terminal back should this one be killed.")
    var noSupervise = false
    @Flag(help: "Refuse all that changes the cluster.")
    var readonly = false

    func validate() throws {
        if let nodes, !(1...60).contains(nodes) { throw ValidationError("--nodes takes 1…60, not \(nodes)") }
        if let shards, !(1...16_384).contains(shards) {
            throw ValidationError("--shards takes 1…16384, not \(shards)")
        }
        guard (1...60).contains(fps) else { throw ValidationError("--fps takes 1…60, not \(fps)") }
        _ = try options()
        _ = try timings()
        _ = try factor()
        _ = try snapshotSize()
    }

    func run() throws {
        let plan = try plan()
        if let size = try snapshotSize() { return try printSnapshot(plan, size) }
        let backend: LabBackend
        do {
            backend = try LabBackend.open(plan)
        } catch {
            Output.error("casty console: \(error)")
            throw ExitCode(73)
        }
        let code = TerminalApp.run(backend: backend, options: try options())
        backend.close()
        if code != 0 { throw ExitCode(code) }
    }

    private func printSnapshot(_ plan: LabPlan, _ size: (width: Int, height: Int)) throws {
        let backend = try LabBackend.open(plan)
        defer { backend.close() }
        var frame = Frame(of: backend, width: size.width, height: size.height, options: try options())
        // The end of the script, or ten seconds; a script that never ends is looked at after two minutes.
        let most: Duration = plan.script.isEmpty ? .seconds(10) : .seconds(120)
        while backend.latest().time - .start < most, plan.script.isEmpty || !backend.isScriptDone {
            frame.look()
            usleep(20_000)
        }
        frame.look()
        print(ansi ? frame.picture.ansiText() : frame.picture.plainText())
    }

    private func plan() throws -> LabPlan {
        let scenario = try script.map { try ScenarioFile.read($0) }
        let header = scenario?.header ?? ScenarioHeader()
        var settings = LabSettings(header, preset: try timings())
        if let shards { settings.shards = shards }
        return LabPlan(
            settings: settings, preset: try timings() ?? header.preset,
            nodes: nodes ?? header.nodes ?? Scenario.defaultNodes,
            seed: sim ? seed ?? header.seed ?? 1 : nil, speed: try factor(), script: scenario?.body ?? [])
    }

    private func timings() throws -> Preset? {
        try preset.map { name in
            guard let preset = Preset(rawValue: name) else {
                throw ValidationError("--preset is responsive or lan, not \(name)")
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

    private func snapshotSize() throws -> (width: Int, height: Int)? {
        guard let snapshot else { return nil }
        let parts = snapshot.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ (1...1000).contains($0) }) else {
            throw ValidationError("--snapshot takes a size as 120x40, not \(snapshot)")
        }
        return (parts[0], parts[1])
    }

    private func options() throws -> ConsoleOptions {
        var options = ConsoleOptions()
        guard let colours = ConsoleOptions.Colours(rawValue: color) else {
            throw ValidationError("--color is auto, never, 16 or 256, not \(color)")
        }
        guard let theme = ThemeName(rawValue: theme) else {
            throw ValidationError(
                "--theme is one of \(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")), not \(theme)")
        }
        options.colours = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } == true ? .never : colours
        options.theme = theme
        options.glyphs = ascii ? .ascii : .auto
        options.mouse = !noMouse
        options.framesPerSecond = fps
        options.readOnly = readonly
        return options
    }
}

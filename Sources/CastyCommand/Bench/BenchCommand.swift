import ArgumentParser
import CastyActors
import CastyBenchmarks
import CastyLive
import CastyObservability

/// `casty bench`: benchmarks on this machine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure throughput, latency and failure detection on this machine.",
        discussion: """
            Without a name everything is measured, which takes long; --quick measures less of each. A name is a group or a part \
            of a figure's name:

              local       actors of one node: tells, asks, starts, memory
              remote      two processes over loopback TCP: tells and asks
              shards      three nodes over loopback TCP: asks and tells to entities; what entities cost
              cluster     nodes over loopback TCP: forming, a crash, a hang, a quiet time
              simulation  how fast virtual time passes; 20 000 handoffs under load, of which nothing may be lost
              membership  what the membership promises, simulated, over seeds: scale, detection, endurance, heal, churn, recovery
              console     the screen: the time to draw a frame, and the bytes that a terminal is sent

              casty bench --quick             a first look
              casty bench local remote        two groups
              casty bench ask                 every figure about asks
              casty bench crash --runs 30     thirty crashes, one after the other
              casty bench endurance --from 1 --to 200   a thousand node-hours, in parts if you like
              casty bench --json > today.txt  one JSON object a line

            Each figure is the median of its runs, with the smallest and the largest. A run that warms up comes first and is not \
            counted. A goal is what the figure should be on two shared cores; missing one is no failure. Measure on a quiet \
            machine, and compare only what was measured side by side: other load easily halves a figure.

            Exits with 0 when all was measured, 1 when something could not be, or with --strict when a goal was \
            missed, 64 for a wrong command line.
            """)

    @Argument(help: ArgumentHelp("Groups, or parts of figures' names; everything without.", valueName: "name"))
    var names: [String] = []

    @Flag(help: "Measure less: smaller amounts, fewer runs, small clusters only.")
    var quick = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Exit with 1 if a run of anything misses its goal.")
    var strict = false

    @Option(help: ArgumentHelp("How many runs to count of each figure, 1…1000.", valueName: "number"))
    var runs: Int?

    @Option(help: ArgumentHelp("The first seed of what is simulated once for each seed.", valueName: "seed"))
    var from: UInt64?

    @Option(help: ArgumentHelp("The last seed of it.", valueName: "seed"))
    var to: UInt64?

    private var seeds: ClosedRange<UInt64>? {
        guard from != nil || to != nil else { return nil }
        let first = from ?? 1
        return first...max(first, to ?? first)
    }

    func validate() throws {
        if let to, to < from ?? 1 { throw ValidationError("--from is not after --to.") }
        if let runs, !(1...1000).contains(runs) { throw ValidationError("--runs is 1…1000, not \(runs).") }
        let cases = BenchCase.all
        for name in names where !cases.contains(where: { $0.matches(name) }) {
            let groups = BenchGroup.allCases.map(\.rawValue).joined(separator: ", ")
            let known = cases.map { "  " + $0.name }.joined(separator: "\n")
            throw ValidationError("nothing to measure is called \"\(name)\". Groups: \(groups). Figures:\n\(known)")
        }
    }

    func run() throws {
        let showsProgress = Output.errorIsTerminal
        let plan = BenchPlan(
            isQuick: quick, chosenRuns: runs, chosenSeeds: seeds,
            progress: { text in
                if showsProgress { Output.progress(text) } else { Output.error(text) }
            }, warn: { Output.error("casty: \($0)") })
        introduce()
        var failed = false
        for item in BenchCase.all where names.isEmpty || names.contains(where: { item.matches($0) }) {
            plan.progress("\(item.group.rawValue): \(item.name) …")
            do {
                let measured = try item.measure(plan)
                if showsProgress { Output.progress("") }
                for measurement in measured {
                    Output.line(json ? measurement.json : measurement.row)
                    if strict, let met = measurement.met, met < measurement.runs.count { failed = true }
                }
            } catch {
                failed = true
                if showsProgress { Output.progress("") }
                Output.error("casty: \(item.name) could not be measured: \(error)")
            }
        }
        if failed { throw ExitCode(1) }
    }

    /// Prints the conditions that the figures depend on.
    private func introduce() {
        let load = Machine.load.map { Measurement.text($0) }
        #if DEBUG
            let build = "debug"
            Output.error("casty: this is a debug build, many times slower than one made with -c release")
        #else
            let build = "release"
        #endif
        if json {
            var line = JSONLine()
            line.add("event", "bench-machine")
            line.add("cores", WorkerPool.cores)
            line.add("load", raw: load ?? "null")
            line.add("build", build)
            Output.line(line.text)
        } else {
            Output.line("\(WorkerPool.cores) cores, load \(load ?? "unknown"), \(build) build")
            Output.line(Measurement.heading)
        }
    }
}

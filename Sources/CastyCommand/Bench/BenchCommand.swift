import ArgumentParser
import CastyActors
import CastyBenchmarks
import CastyLive
import CastyObservability
import CastyPostgres
import CastySQLite
import CastyScenario

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
              membership  what the membership promises, simulated, over seeds: scale, detection, endurance, heal, churn, recovery, outages
              console     the screen: the time to draw a frame, and the bytes that a terminal is sent
              store       with --store: saves and durable asks a second, how long one takes, and how long entities take to come back; "large" alone \
            writes ten million states

              casty bench --quick             a first look
              casty bench local remote        two groups
              casty bench ask                 every figure about asks
              casty bench crash --runs 30     thirty crashes, one after the other
              casty bench outages --table     what a crash costs with each preset, as the table of the README
              casty bench endurance --from 1 --to 200   a thousand node-hours, in parts if you like
              casty bench --json > today.txt  one JSON object a line
              casty bench local --compare 'old/casty bench local --json'   two builds in turn, and their ratios
              casty bench tell ask --compare 'sh erlang.sh' --rounds 5     another system's figures beside these
              casty bench --instructions --json > baseline.txt   the processor instructions of one message, ask, …
              casty bench --instructions --baseline baseline.txt fails when they have grown by more than 15 %

            Each figure is the median of its runs, with the smallest and the largest. A run that warms up comes first and is not \
            counted. A goal is what the figure should be on two shared cores; missing one is no failure. Measure on a quiet \
            machine, and compare only what was measured side by side: other load easily halves a figure.

            A compared command prints one JSON object a line: this program's own lines, or objects with "peer", "metric", "unit" \
            (ns, us, bytes, or a rate) and "median". What needs instructions is counted by valgrind, and hardly depends on \
            what else the machine does.

            Exits with 0 when all was measured, 1 when something could not be, with --strict when a goal was \
            missed, with --baseline when more instructions are needed than allowed, 64 for a wrong command line.
            """)

    @Argument(help: ArgumentHelp("Groups, or parts of figures' names; everything without.", valueName: "name"))
    var names: [String] = []

    @Flag(help: "Measure less: smaller amounts, fewer runs, small clusters only.")
    var quick = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Print the table of what a crash costs with each preset, in Markdown; with --quick for small clusters.")
    var table = false

    @Flag(help: "Exit with 1 if a run of anything misses its goal.")
    var strict = false

    @Option(help: ArgumentHelp("How many runs to count of each figure, 1…1000.", valueName: "number"))
    var runs: Int?

    @Option(help: ArgumentHelp("The first seed of what is simulated once for each seed.", valueName: "seed"))
    var from: UInt64?

    @Option(help: ArgumentHelp("The last seed of it.", valueName: "seed"))
    var to: UInt64?

    @Option(help: ArgumentHelp("Run this command in turn with this program, and print ratios.", valueName: "command"))
    var compare: [String] = []

    @Option(help: ArgumentHelp("How many rounds of --compare, 1…100.", valueName: "number"))
    var rounds = 5

    @Option(
        help: ArgumentHelp(
            "With --compare: a name that the command prints, and the figure it means.", valueName: "name=figure"))
    var match: [String] = []

    @Flag(help: "Count processor instructions instead of time; needs valgrind.")
    var instructions = false

    @Option(help: ArgumentHelp("With --instructions: the counts of an earlier state.", valueName: "file"))
    var baseline: String?

    @Option(help: ArgumentHelp("With --baseline: by how much a count may have grown.", valueName: "per cent"))
    var tolerance = 15.0

    @Option(
        help: ArgumentHelp(
            "Measure this store: \(StoreOption.forms). It gets rows of types that begin with bench.", valueName: "store"
        ))
    var store: StoreOption?

    private var seeds: ClosedRange<UInt64>? {
        guard from != nil || to != nil else { return nil }
        let first = from ?? 1
        return first...max(first, to ?? first)
    }

    func validate() throws {
        if let to, to < from ?? 1 { throw ValidationError("--from is not after --to.") }
        if table, names.contains(where: { $0 != "outages" }) {
            throw ValidationError("--table is of the outages only.")
        }
        if let runs, !(1...1000).contains(runs) { throw ValidationError("--runs is 1…1000, not \(runs).") }
        try validateModes()
        if instructions { return try validateCounted() }
        if let store { return try validate(store) }
        let cases = BenchCase.all
        for name in names where !cases.contains(where: { $0.matches(name) }) {
            let groups = BenchGroup.allCases.map(\.rawValue).joined(separator: ", ")
            let known = cases.map { "  " + $0.name }.joined(separator: "\n")
            throw ValidationError("nothing to measure is called \"\(name)\". Groups: \(groups). Figures:\n\(known)")
        }
    }

    private func validate(_ store: StoreOption) throws {
        let others = BenchGroup.allCases.filter { $0 != .store }.map(\.rawValue)
        guard !names.contains(where: others.contains) else {
            throw ValidationError("--store measures a store, and nothing else.")
        }
        if table { throw ValidationError("--table is of the outages only.") }
    }

    private func validateModes() throws {
        if store != nil, instructions || !compare.isEmpty {
            throw ValidationError("--store excludes --instructions and --compare.")
        }
        if instructions, !compare.isEmpty { throw ValidationError("--instructions and --compare exclude each other.") }
        if baseline != nil, !instructions { throw ValidationError("--baseline is of use with --instructions only.") }
        if !match.isEmpty, compare.isEmpty { throw ValidationError("--match is of use with --compare only.") }
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds is 1…100, not \(rounds).") }
        guard tolerance > 0, tolerance <= 1000 else {
            throw ValidationError("--tolerance is above 0 and at most 1000 per cent, not \(tolerance).")
        }
        for pair in match where pair.firstIndex(of: "=") == nil {
            throw ValidationError("--match needs NAME=FIGURE, as in \"remote_call=ask another process, 64 callers\".")
        }
    }

    private func validateCounted() throws {
        for name in names where !CountedWork.all.contains(where: { $0.matches(name) }) {
            let known = CountedWork.all.map { "  " + $0.name }.joined(separator: "\n")
            throw ValidationError("nothing whose instructions are counted is called \"\(name)\". There are:\n\(known)")
        }
    }

    /// A peer's name of a figure to this program's.
    private var counterparts: [String: String] {
        var names: [String: String] = [:]
        for pair in match {
            guard let end = pair.firstIndex(of: "=") else { continue }
            names[String(pair[..<end])] = String(pair[pair.index(after: end)...])
        }
        return names
    }

    func run() throws {
        if instructions {
            return try InstructionReport(names: names, json: json, baseline: baseline, tolerance: tolerance / 100).run()
        }
        if !compare.isEmpty {
            return try ComparisonReport(
                names: names, commands: compare.map { ComparedCommand($0) }, counterparts: counterparts, rounds: rounds,
                runs: runs ?? 3, isQuick: quick, json: json, isStrict: strict
            ).run()
        }
        try measure()
    }

    private func measure() throws {
        let showsProgress = Output.errorIsTerminal
        let plan = BenchPlan(
            isQuick: quick, chosenRuns: runs, chosenSeeds: seeds,
            progress: { text in
                if showsProgress { Output.progress(text) } else { Output.error(text) }
            }, warn: { Output.error("casty: \($0)") })
        if table { return try printTable(plan) }
        introduce()
        var failed = false
        let cases = try store.map { try storeCases($0) } ?? BenchCase.all
        for item in cases where names.isEmpty && !item.isOnRequest || names.contains(where: { item.matches($0) }) {
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

    private func storeCases(_ store: StoreOption) throws -> [BenchCase] {
        do {
            let stores = try store.open(limit: .seconds(5))
            return BenchStores(
                entities: stores.entities, remembered: stores.remembered,
                groups: {
                    (stores.entities as? PostgresEntityStore)?.groups ?? (stores.entities as? SQLiteEntityStore)?.groups
                }, size: { store.size }
            ).cases
        } catch {
            Output.error("casty bench: \(error)")
            throw ExitCode(74)
        }
    }

    private func printTable(_ plan: BenchPlan) throws {
        Output.line(OutageRow.heading)
        for (preset, nodes) in OutageRow.all where !quick || nodes <= 10 {
            plan.progress("outages: \(preset.rawValue), \(nodes) nodes …")
            let row = try OutageRow.measure(preset, nodes: nodes, seeds: seeds ?? 1...OutageRow.seeds(nodes))
            if Output.errorIsTerminal { Output.progress("") }
            Output.line(row.line)
        }
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

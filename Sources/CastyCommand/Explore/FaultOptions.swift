import ArgumentParser
import CastyLab
import CastyPrimitives
import CastyScenario

/// What makes a scenario of random faults, besides its seed.
struct FaultOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many nodes, 2 to 50.", valueName: "count"))
    var nodes = 5

    @Option(help: ArgumentHelp("How long faults strike, as 120s.", valueName: "time"))
    var time: ScenarioDuration?

    @Option(
        help: ArgumentHelp(
            "all, or some of \(FaultFamily.allCases.map(\.rawValue).joined(separator: ",")).", valueName: "list"))
    var faults = "all"

    @Option(
        help: ArgumentHelp(
            "The downing strategy: \(Downing.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "strategy"))
    var downing: Downing?

    func validate() throws {
        guard (2...50).contains(nodes) else { throw ValidationError("--nodes is 2 to 50, not \(nodes).") }
        if case .failure(let error) = FaultFamily.list(faults) { throw ValidationError("\(error)") }
    }

    var exploration: Exploration {
        Exploration(
            nodes: nodes, time: time?.duration ?? .seconds(120),
            families: (try? FaultFamily.list(faults).get()) ?? [], downing: downing)
    }

    /// The options as they were given, without those that say what is usual.
    var words: [String] {
        var words: [String] = []
        if nodes != 5 { words.append("--nodes \(nodes)") }
        if let time { words.append("--time \(time.duration.scenarioText)") }
        if faults != "all" { words.append("--faults \(faults)") }
        if let downing { words.append("--downing \(downing.rawValue)") }
        return words
    }
}

extension Downing: ExpressibleByArgument {}

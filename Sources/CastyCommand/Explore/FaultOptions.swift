import ArgumentParser
import CastyCore
import CastyInvariants
import CastyScenario
import CastyTestbed

/// The options that determine a scenario of random faults, besides its seed.
struct FaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many nodes, 1 to 50, or a range from which each seed draws, as 1..16.", valueName: "count"))
    var nodes = NodeCount(limits: Exploration.usualSizes)

    @Option(help: ArgumentHelp("How long faults are injected, as 120s.", valueName: "time"))
    var time: ScenarioDuration?

    @Option(
        help: ArgumentHelp(
            "all, or some of \(FaultFamily.allCases.map(\.rawValue).joined(separator: ",")).", valueName: "list"))
    var faults = "all"

    @Option(
        help: ArgumentHelp(
            "The downing strategy, of which each seed draws one by default: \(Downing.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "strategy"))
    var downing: Downing?

    func validate() throws {
        if case .failure(let error) = FaultFamily.list(faults) { throw ValidationError("\(error)") }
    }

    func exploration(preset: Preset?) -> Exploration {
        Exploration(
            sizes: nodes.limits, time: time?.duration ?? .seconds(120),
            families: (try? FaultFamily.list(faults).get()) ?? [], downing: downing, preset: preset)
    }

    /// The options as given, without those that have their default value.
    var words: [String] {
        var words: [String] = []
        if nodes.limits != Exploration.usualSizes { words.append("--nodes \(nodes)") }
        if let time { words.append("--time \(time.duration.scenarioText)") }
        if faults != "all" { words.append("--faults \(faults)") }
        if let downing { words.append("--downing \(downing.rawValue)") }
        return words
    }
}

extension Downing: ExpressibleByArgument {}

/// A number of nodes, as `5` or `1..16`.
struct NodeCount: ExpressibleByArgument, CustomStringConvertible {
    let limits: ClosedRange<Int>

    init(limits: ClosedRange<Int>) { self.limits = limits }

    init?(argument: String) {
        let ends = argument.split(separator: ".", omittingEmptySubsequences: false)
        let isRange = ends.count == 3 && ends[1].isEmpty
        guard isRange || ends.count == 1, let first = Int(ends[0]), let last = Int(ends[ends.count - 1]),
            (1...50).contains(first), (first...50).contains(last)
        else { return nil }
        limits = first...last
    }

    var description: String {
        limits.lowerBound == limits.upperBound ? "\(limits.lowerBound)" : "\(limits.lowerBound)..\(limits.upperBound)"
    }

    var defaultValueDescription: String { description }
}

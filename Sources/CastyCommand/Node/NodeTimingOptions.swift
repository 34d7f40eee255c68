import ArgumentParser
import CastyCluster
import CastyScenario

/// The options that choose the times of a node's membership.
struct NodeTimingOptions: ParsableArguments {
    @Option(
        help: "Timings: \(Preset.choice); the same on all nodes.", completion: .list(Preset.allCases.map(\.rawValue)))
    var preset = Preset.lan
    @Option(
        help: ArgumentHelp(
            "One of them with another value, as heartbeat=500ms; again for more, the same on all nodes: \(TimingOption.names).",
            valueName: "name=value"))
    var timing: [TimingOption] = []

    /// The times of the preset with the changes.
    var timings: ClusterTimings {
        var timings: ClusterTimings =
            switch preset {
            case .responsive: .responsive
            case .lan: .lan
            case .wan: .wan
            }
        for change in timing { change.apply(to: &timings) }
        return timings
    }
}

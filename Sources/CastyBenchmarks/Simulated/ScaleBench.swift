import CastyCluster
import CastyCore
import CastyTestbed

/// Measures simulated clusters of increasing size.
enum ScaleBench {
    static var cases: [BenchCase] { [30, 50, 100].map(formation) + [merging] }

    /// The cost per member of a merge and of a convergence check: if it grew with the size of the cluster, so would the
    /// ratio.
    private static var merging: BenchCase {
        let name = "scale: a gossip merged and looked through"
        return BenchCase(.membership, name) { plan in
            let sizes = [50, 100, 200]
            let times = try (0..<plan.runs).map { _ in
                try sizes.map { size -> Double in
                    let work = MergeWork(members: size)
                    try work.repeated(plan.amount(2000, quick: 500))
                    let used = Machine.processorSeconds
                    try work.repeated(plan.amount(10_000, quick: 2000))
                    return Machine.processorSeconds - used
                }
            }
            func ratio(_ index: Int) -> Measurement {
                Measurement(
                    name: "\(name), \(sizes[index]) to \(sizes[index - 1])", unit: "ratio",
                    runs: times.map { $0[index] / $0[index - 1] }, goal: .atMost(3))
            }
            return [ratio(1), ratio(2)]
        }
    }

    private static func formation(of count: Int) -> BenchCase {
        let name = "scale: \(count) simulated nodes form"
        return BenchCase(.membership, name) { plan in
            if plan.isQuick, count > 50 { return [] }
            let started = Stopwatch()
            let study = try ScaleStudy.formation(of: count)
            let seconds = started.seconds
            func measurement(_ what: String, _ unit: String, _ value: Double) -> Measurement {
                Measurement(name: "\(name), \(what)", unit: unit, runs: [value])
            }
            let nodes = Double(count)
            return [
                measurement("virtual time", "s", study.formed.inSeconds),
                measurement("real time", "s", seconds),
                measurement("steps", "steps", Double(study.steps)),
                measurement("gossip", "bytes/node", Double(study.traffic.gossipBytes) / nodes),
                measurement("states sent", "states/node", Double(study.traffic.gossips) / nodes),
                measurement("digests sent", "digests/node", Double(study.traffic.digests) / nodes),
                measurement("joins and probes", "messages/node", Double(study.traffic.others) / nodes),
            ]
        }
    }
}

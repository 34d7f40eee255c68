import CastyCluster
import CastyLab
import CastyPrimitives

/// Measures simulated clusters as they grow.
enum ScaleBench {
    static var cases: [BenchCase] { [30, 50, 100].map(formation) }

    private static func formation(of count: Int) -> BenchCase {
        let name = "scale: \(count) simulated nodes form"
        return BenchCase(.simulation, name) { plan in
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

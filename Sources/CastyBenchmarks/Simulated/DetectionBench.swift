import CastyCore
import CastyTestbed

/// Measures failure detection in the simulated runtime: the time to detect a dead node, and the rate of false
/// suspicions.
enum DetectionBench {
    static var cases: [BenchCase] { [0, 1, 5, 10, 20].map(detection) + [endurance] }

    private static func detection(percent: Int) -> BenchCase {
        let name = "detection at \(percent) % loss"
        return BenchCase(.membership, name) { plan in
            let study = DetectionStudy(loss: Double(percent) / 100)
            let courses = try plan.seeds(usual: 200, quick: 20).map { try study.inject(seed: $0) }
            let first = courses.map(\.first.inSeconds).sorted()
            let all = courses.map(\.all.inSeconds).sorted()
            plan.progress("membership: \(name): a quiet time …")
            let time = Duration.seconds(plan.amount(3600, quick: 180))
            let alarms = try study.quiet(seed: 1, for: time)
            func goal(_ bound: Double) -> Measurement.Goal? { percent <= 5 ? .atMost(bound) : nil }
            func measurement(_ what: String, _ unit: String, _ value: Double, _ goal: Measurement.Goal? = nil)
                -> Measurement
            {
                Measurement(name: "\(name): \(what)", unit: unit, runs: [value], goal: goal)
            }
            return [
                measurement("first, p50", "s", first.quantile(0.5)),
                measurement("first, p99", "s", first.quantile(0.99), goal(2)),
                measurement("all, p50", "s", all.quantile(0.5)),
                measurement("all, p99", "s", all.quantile(0.99), goal(3)),
                measurement("suspicions", "per node-hour", Double(alarms.suspicions) / alarms.nodeHours),
                measurement("false marks", "per node-hour", Double(alarms.marks) / alarms.nodeHours),
                measurement("false removals", "removals", Double(alarms.removals), goal(0)),
            ]
        }
    }

    /// Clusters of five nodes, for an hour each, on a network with delay and up to 5 % loss. Two hundred seeds are a
    /// thousand node-hours.
    private static var endurance: BenchCase {
        let name = "endurance"
        return BenchCase(.membership, name) { plan in
            let time = Duration.seconds(plan.amount(3600, quick: 180))
            let seeds = plan.seeds(usual: 2, quick: 3)
            var total = DetectionStudy.Alarms()
            let used = Machine.processorSeconds
            for seed in seeds {
                plan.progress("membership: \(name), seed \(seed) of \(seeds.lowerBound)…\(seeds.upperBound) …")
                let alarms = try DetectionStudy(loss: Double(seed % 6) / 100).quiet(seed: seed, for: time)
                if alarms.removals > 0 { plan.progress("seed \(seed): \(alarms.removals) removals\n") }
                total = total + alarms
            }
            let seconds = Machine.processorSeconds - used
            let virtual = time.inSeconds * Double(seeds.count)
            return [
                Measurement(name: "\(name): time simulated", unit: "node-hours", runs: [total.nodeHours]),
                Measurement(name: "\(name): virtual time", unit: "s per CPU s", runs: [virtual / seconds]),
                Measurement(
                    name: "\(name): suspicions", unit: "per node-hour",
                    runs: [Double(total.suspicions) / total.nodeHours]),
                Measurement(
                    name: "\(name): false marks", unit: "per node-hour", runs: [Double(total.marks) / total.nodeHours]),
                Measurement(
                    name: "\(name): false removals", unit: "removals", runs: [Double(total.removals)], goal: .atMost(0)),
            ]
        }
    }
}

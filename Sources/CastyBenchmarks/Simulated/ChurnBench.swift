import CastyCore
import CastyTestbed

/// Measures the size of the shared state while nodes join and leave.
enum ChurnBench {
    static var cases: [BenchCase] { [churn] }

    private static var churn: BenchCase {
        let name = "churn"
        return BenchCase(.membership, name) { plan in
            let cycles = plan.amount(200, quick: 20)
            let study = try ChurnStudy.run(cycles: cycles, tombstones: .seconds(plan.amount(60, quick: 10)))
            func measurement(_ what: String, _ unit: String, _ values: [Double], _ goal: Measurement.Goal? = nil)
                -> Measurement
            {
                Measurement(name: "\(name), \(cycles) joins and leaves: \(what)", unit: unit, runs: values, goal: goal)
            }
            return [
                measurement("state", "bytes", study.samples.map { Double($0.bytes) }),
                measurement("tombstones", "members", study.samples.map { Double($0.tombstones) }),
                measurement(
                    "share of 32 + 48 a member", "of 1", study.samples.map { Double($0.bytes) / Double($0.bound) },
                    .atMost(1)),
                measurement(
                    "state when all is forgotten", "bytes", [Double(study.after.bytes)],
                    .atMost(Double(study.after.bound))),
            ]
        }
    }
}

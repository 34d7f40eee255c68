import CastyCluster
import CastyCore
import CastyInvariants
import CastyMembership
import CastyTestbed

/// Measures the speed of virtual time.
struct SimulationBench {
    private static let rate = 20.0

    static var cases: [BenchCase] { [simulation(of: 3, goal: nil), simulation(of: 5, goal: .atLeast(1000))] }

    private static func simulation(of count: Int, goal: Measurement.Goal?) -> BenchCase {
        let name = "simulation of \(count) nodes"
        return BenchCase(.simulation, name) { plan in
            let time = Duration.seconds(plan.amount(120, quick: 30))
            _ = try run(nodes: count, for: time)
            let runs = try (0..<plan.runs).map { _ in try run(nodes: count, for: time) }
            return [
                Measurement(
                    name: "\(name), virtual time", unit: "s/s", runs: runs.map { time.inSeconds / $0.seconds },
                    goal: goal),
                Measurement(name: "\(name), steps", unit: "steps/s", runs: runs.map { Double($0.steps) / $0.seconds }),
            ]
        }
    }

    /// Runs a cluster without faults under a light load; returns the real time and the number of steps.
    static func run(nodes count: Int, for time: Duration) throws -> (seconds: Double, steps: UInt64) {
        let testbed = TestCluster(
            world: SimulatedClusterWorld(seed: 1), settings: TestClusterSettings(membership: .responsive),
            checkers: .all)
        defer { testbed.end() }
        try testbed.start(Array(1...count))
        let isFormed = try testbed.advance(until: testbed.now + .seconds(60)) {
            testbed.running.allSatisfy { $0.cluster.state.up.count == count }
        }
        guard isFormed else { throw BenchError("\(count) simulated nodes are not one cluster after 60 s") }
        try testbed.load(perSecond: rate, entities: 50, for: time)
        let before = testbed.world.steps ?? 0
        let started = Stopwatch()
        try testbed.advance(until: testbed.now + time)
        let seconds = started.seconds
        if let stuck = testbed.world.stuck { throw BenchError("the simulated world is stuck: \(stuck)") }
        return (seconds, (testbed.world.steps ?? 0) - before)
    }
}

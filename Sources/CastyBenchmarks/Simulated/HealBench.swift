import CastyCore
import CastyTestbed

/// Measures the time until a simulated cluster that was cut in two is whole again.
enum HealBench {
    static var cases: [BenchCase] {
        [(10, 10.0), (50, 20.0)].flatMap { nodes, goal in HealStudy.Cut.allCases.map { heal(nodes, $0, goal: goal) } }
    }

    private static func heal(_ count: Int, _ cut: HealStudy.Cut, goal: Double) -> BenchCase {
        let name = "heal \(count) nodes, \(cut.rawValue) cut"
        return BenchCase(.membership, name) { plan in
            let seeds = count > 10 ? plan.seeds(usual: 3, quick: 1) : plan.seeds(usual: 50, quick: 5)
            let study = HealStudy(nodes: count, cut: cut)
            var times: [Double] = []
            var work: [Double] = []
            for seed in seeds {
                let used = Machine.processorSeconds
                times.append(try study.run(seed: seed).inSeconds)
                work.append(Machine.processorSeconds - used)
            }
            return [
                Measurement(name: name, unit: "s", runs: times, goal: .atMost(goal)),
                Measurement(name: "\(name), processor time", unit: "s", runs: work),
            ]
        }
    }
}

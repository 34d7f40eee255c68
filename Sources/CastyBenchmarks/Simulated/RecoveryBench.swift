import CastyCore
import CastyInvariants
import CastyObservability
import CastyReporting
import CastyTestbed

/// Kills nodes in certain situations, over seeds, and counts the clusters that do not recover.
enum RecoveryBench {
    static var cases: [BenchCase] { RecoveryStory.allCases.map(recovery) }

    private static func recovery(_ story: RecoveryStory) -> BenchCase {
        let name = "recovery: \(story.rawValue)"
        return BenchCase(.membership, name) { plan in
            let seeds = plan.seeds(usual: 20, quick: 3)
            var failures = 0.0
            for seed in seeds {
                let finding = try story.run(seed: seed)
                guard let failure = finding.failure else { continue }
                failures += 1
                plan.warn("\(name), seed \(seed): \(failure.json)")
            }
            return [
                Measurement(
                    name: "\(name), \(seeds.count) seeds: not recovered", unit: "seeds", runs: [failures],
                    goal: .atMost(0))
            ]
        }
    }
}

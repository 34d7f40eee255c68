import CastyCore
import CastyScenario

/// What a crash costs with each preset, in clusters of several sizes: simulated, so the same on every machine.
enum OutageBench {
    static var cases: [BenchCase] { OutageRow.all.map { outage($0.preset, $0.nodes) } }

    private static func outage(_ preset: Preset, _ nodes: Int) -> BenchCase {
        let name = "outages: \(preset.rawValue), \(nodes) nodes"
        return BenchCase(.membership, name) { plan in
            if plan.isQuick, nodes > 30 { return [] }
            let row = try OutageRow.measure(
                preset, nodes: nodes, seeds: plan.seeds(usual: OutageRow.seeds(nodes), quick: 3))
            func measurement(_ what: String, _ runs: [Duration]) -> Measurement {
                Measurement(name: "\(name): \(what)", unit: "s", runs: runs.map(\.inSeconds))
            }
            return [
                measurement("noticed by all", row.noticed), measurement("removed", row.removed),
                measurement("its keys answer", row.answering),
            ]
        }
    }
}

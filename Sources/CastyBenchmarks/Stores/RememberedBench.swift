import CastyActors
import CastyObservability
import CastySharding
import Synchronization

/// How long remembered entities take until all of them run again, when their cluster is started anew.
enum RememberedBench {
    static func cases(_ stores: BenchStores) -> [BenchCase] {
        [
            BenchCase(.store, "remembered entities") { plan in
                let count = plan.amount(100_000, quick: 10_000)
                let stored = try start(stores, from: 0, of: count, plan)
                let back = try start(stores, from: count, of: count, plan)
                let name = "\(Measurement.text(Double(count))) remembered entities"
                return [
                    Measurement(name: name + ": first start", unit: "s", runs: [stored]),
                    Measurement(name: name + ": back again", unit: "s", runs: [back], goal: .atMost(10)),
                ]
            }
        ]
    }

    /// Starts a cluster, and the entities from a number on by a message each; the others come by themselves.
    ///
    /// - Returns: The seconds until all run.
    private static func start(_ stores: BenchStores, from first: Int, of count: Int, _ plan: BenchPlan) throws -> Double
    {
        let nodes = try ShardNodes(1, store: stores.entities)
        defer { nodes.end() }
        let node = nodes.nodes[0]
        let watch = Stopwatch()
        let started = Started()
        let region = try node.sharding.start(
            type: "bench-remembered", settings: node.settings(), store: nil, remember: stores.remembered
        ) { _ in
            started.count.add(1, ordering: .relaxed)
            return Behavior<Parcel>.sink
        }
        // A region also counts the entities that are still being recorded.
        let running = { started.count.load(ordering: .relaxed) }
        for next in stride(from: first, to: count, by: 5000) {
            for number in next..<min(count, next + 5000) {
                region.tell("bench-remembered-\(number)", Parcel(text: "", receipt: nil))
            }
            try wait("have started", node) { running() >= min(count, next + 5000) }
            plan.progress("store: \(next) of \(count) remembered …")
        }
        try wait("are back", node) { running() >= count }
        return watch.seconds
    }

    private final class Started: Sendable {
        let count = Atomic(0)
    }

    /// Waits until entities run, or says what has become of the others.
    private static func wait(_ deed: String, _ node: ShardNode, until condition: () -> Bool) throws {
        do {
            try Machine.wait("not all entities \(deed)", seconds: 120, every: 5000, until: condition)
        } catch let error as BenchError {
            let losses = node.system.losses.map { "\($0.count) \($0.reason) (\($0.latestTarget))" }
            throw BenchError("\(error); lost: \(losses)")
        }
    }
}

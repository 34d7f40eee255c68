import CastyActors
import CastyObservability
import CastySharding

/// How long an entity with 1,000 events and no snapshot takes from a question to its answer, when it is asleep.
enum RecoveredEventsBench {
    private struct Added: Codable {
        let amount: Int
    }

    private static let events = 1000

    static func cases(_ stores: BenchStores) -> [BenchCase] {
        guard stores.entities is any EventStore else { return [] }
        let name = "start of an entity with \(events) events"
        return [
            BenchCase(.store, name) { plan in
                let nodes = try ShardNodes(1, store: stores.entities)
                defer { nodes.end() }
                let region = try nodes.nodes[0].oracles("bench-events", store: stores.entities) { entity in
                    .eventSourced(
                        entity, 0,
                        decide: { _, _, question in
                            .persist(Array(repeating: Added(amount: 1), count: question.number)).then {
                                question.replyTo.tell(Answer(number: $0))
                            }
                        }, apply: { $0 += $1.amount })
                }
                // New ones each time, in a store that earlier measurements have filled.
                let ids = (0..<plan.amount(20, quick: 10)).map { "bench-events-\(UInt64.random(in: 0 ... .max))-\($0)" }
                for id in ids { try region.askAndWait(id, events) }
                let latencies = try (0...plan.runs).map { _ in
                    for id in ids { region.passivate(id) }
                    try Machine.wait("not all entities are asleep") {
                        nodes.nodes[0].system.snapshot().sharding.allSatisfy {
                            $0.shards.allSatisfy { $0.entityCount == 0 }
                        }
                    }
                    var latencies = LatencyHistogram()
                    for id in ids {
                        let watch = Stopwatch()
                        try region.askAndWait(id, 0)
                        latencies.record(nanoseconds: watch.nanoseconds)
                    }
                    return latencies
                }
                // The first run warms up.
                return Array(LatencyHistogram.rows(name, Array(latencies.dropFirst()), p50: 5000).prefix(2))
            }
        ]
    }
}

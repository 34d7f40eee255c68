import CastyCore
import CastyObservability

/// Envelopes per second, computed from monotonic counters over about a second of the runtime's time.
package struct RateMeter: Sendable, Codable {
    /// Figures of shards by node, type and number.
    private typealias Figures<Value> = [String: [String: [Int: Value]]]

    private var base: Figures<UInt64> = [:]
    private var since = Instant.start
    private var rates: Figures<Double> = [:]
    private var nodeRates: [String: Double] = [:]

    package init() {}

    mutating func sample(_ snapshot: ClusterSnapshot) {
        let elapsed = (snapshot.time - since).inSeconds
        if elapsed >= 0, elapsed < 1 { return }
        var counters: Figures<UInt64> = [:]
        rates = [:]
        nodeRates = [:]
        for node in snapshot.nodes where node.state == .running {
            for region in node.sharding {
                let before = base[node.name]?[region.type] ?? [:]
                var (handled, grown): ([Int: UInt64], [Int: Double]) = ([:], [:])
                handled.reserveCapacity(region.shards.count)
                for shard in region.shards {
                    handled[shard.shard] = shard.handled
                    guard elapsed > 0, let earlier = before[shard.shard], shard.handled > earlier else { continue }
                    grown[shard.shard] = Double(shard.handled - earlier) / elapsed
                }
                counters[node.name, default: [:]][region.type] = handled
                rates[node.name, default: [:]][region.type] = grown
                nodeRates[node.name, default: 0] += region.shards.reduce(0) { $0 + (grown[$1.shard] ?? 0) }
            }
        }
        base = counters
        since = snapshot.time
    }

    func rate(of node: String) -> Double { nodeRates[node] ?? 0 }

    /// The rates of a type's shards on a node, by number; shards without envelopes are absent.
    func rates(of type: String, on node: String) -> [Int: Double] { rates[node]?[type] ?? [:] }
}

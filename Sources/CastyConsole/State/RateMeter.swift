import CastyCore
import CastyObservability

/// Envelopes per second, computed from monotonic counters over about a second of the runtime's time.
package struct RateMeter: Sendable, Codable {
    private struct Key: Hashable, Codable {
        var node: String
        var type: String
        var shard: Int
    }

    private var base: [Key: UInt64] = [:]
    private var since = Instant.start
    private var rates: [Key: Double] = [:]
    private var nodeRates: [String: Double] = [:]

    package init() {}

    mutating func sample(_ snapshot: ClusterSnapshot) {
        let elapsed = (snapshot.time - since).inSeconds
        if elapsed >= 0, elapsed < 1 { return }
        var counters: [Key: UInt64] = [:]
        rates = [:]
        nodeRates = [:]
        for node in snapshot.nodes where node.state == .running {
            for region in node.sharding {
                for shard in region.shards {
                    let key = Key(node: node.name, type: region.type, shard: shard.shard)
                    counters[key] = shard.handled
                    guard elapsed > 0, let before = base[key], shard.handled > before else { continue }
                    let rate = Double(shard.handled - before) / elapsed
                    rates[key] = rate
                    nodeRates[node.name, default: 0] += rate
                }
            }
        }
        base = counters
        since = snapshot.time
    }

    func rate(of node: String) -> Double { nodeRates[node] ?? 0 }

    func rate(of shard: Int, type: String, on node: String) -> Double {
        rates[Key(node: node, type: type, shard: shard)] ?? 0
    }
}

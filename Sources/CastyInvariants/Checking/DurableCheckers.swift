import CastyCore
import CastyObservability
import CastyPlacement
import CastyTestbed

/// S11: for a running shard, the entities that it knows and the entities that the store remembers are the same, once no
/// write to the store is in progress.
struct RememberedEntities: InvariantChecker {
    static let ids = ["S11"]
    static let subject = CheckedSubject.sharding

    private(set) var exercised: Set<String> = []

    mutating func check(_ moment: ClusterMoment) -> [Violation] {
        var found: [Violation] = []
        for view in moment.views where view.state == .running {
            for part in view.sharding where part.remembers {
                guard part.leaseUntil.map({ $0 > view.ownTime }) ?? true else { continue }
                let durable = moment.remembered[part.type] ?? []
                for shard in part.shards where shard.state == .running && shard.entities.count == shard.entityCount {
                    if shard.entityCount > 0 { exercised = ["S11"] }
                    found += compare(shard, of: part, on: view.name, with: durable)
                }
            }
        }
        return found
    }

    private func compare(
        _ shard: ShardSnapshot, of part: ShardingSnapshot, on node: String, with durable: [String]
    ) -> [Violation] {
        let isBetween: (EntitySnapshot) -> Bool = { entity in
            switch entity.state {
            case .remembering, .forgetting, .passivating: true
            case .active, .stopping, .restarting, .remembered: false
            }
        }
        let between = Set(shard.entities.filter(isBetween).map(\.id))
        let here = Set(shard.entities.map(\.id)).subtracting(between)
        let kept = Set(durable.filter { StableHash.shard(of: $0, count: part.shardCount) == shard.shard })
        var found: [Violation] = []
        if let forgotten = here.subtracting(kept).min() {
            found.append(
                Violation(
                    id: "S11", subject: node, entity: forgotten, text: "it runs, and the store does not remember it"))
        }
        if let missing = kept.subtracting(here).subtracting(between).min() {
            found.append(
                Violation(
                    id: "S11", subject: node, entity: missing,
                    text: "the store remembers it, and shard \(shard.shard) does not know it"))
        }
        return found
    }
}

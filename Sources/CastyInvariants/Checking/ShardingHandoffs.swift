import CastyCore
import CastyPlacement
import CastySharding
import CastyTestbed

/// S14: a handoff ends, completed or given up, within the bound for closing the streams, plus the bound for the old
/// home, plus two retries.
///
/// Only the time in which its coordinator could work counts: it was running, with a lease.
struct PromptHandoffs: ShardingChecker {
    private struct Handoff {
        let coordinator: UniqueAddress
        let name: String
        let bound: Duration
        var elapsed = Duration.zero
        var lookedAt: Instant
        var wasAble = true
    }

    private var open: [ShardKey: Handoff] = [:]

    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        switch fact.note {
        case .coordinator(.handoffBegun(let shard, _, _, _)):
            open[ShardKey(type: fact.type, shard: shard)] = Handoff(
                coordinator: fact.node, name: fact.name, bound: fact.settings.longestHandoff, lookedAt: fact.time)
        case .coordinator(.handoffEnded(let shard, _, _)), .coordinator(.conflict(let shard, _)):
            open[ShardKey(type: fact.type, shard: shard)] = nil
        case .coordinator(.stopped):
            for (key, handoff) in open where key.type == fact.type && handoff.coordinator == fact.node {
                open[key] = nil
            }
        case .coordinator, .region: break
        }
        return []
    }

    mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation] {
        var found: [Violation] = []
        for (key, handoff) in open.sorted(by: { ($0.key.type, $0.key.shard) < ($1.key.type, $1.key.shard) }) {
            guard oracle.isAlive(handoff.coordinator) else {
                open[key] = nil
                continue
            }
            let isAble = oracle.canCoordinate(handoff.coordinator)
            if isAble, handoff.wasAble { open[key]?.elapsed += now - handoff.lookedAt }
            open[key]?.wasAble = isAble
            open[key]?.lookedAt = now
            guard isAble, handoff.elapsed > handoff.bound else { continue }
            open[key] = nil
            found.append(
                Violation(
                    id: "S14", subject: handoff.name, entity: "\(key.type) shard \(key.shard)",
                    text: "its handoff has not ended \(handoff.elapsed) after it began"))
        }
        return found
    }
}

/// S10: a round of rebalancing moves no more shards than necessary, with a tolerance of a tenth, and no shard twice
/// while nothing changes.
///
/// Evaluated if all shards count equally and may go anywhere: nothing is pinned, drained, leaving or in transit, and no
/// fault is active.
struct FrugalRebalance: ShardingChecker {
    /// The part of one coordinator's knowledge that this rule needs.
    private struct Coordination {
        var regions: Set<UniqueAddress> = []
        /// Regions from which shards move away.
        var evacuated: Set<UniqueAddress> = []
        var isTied = false
        /// Shards that have not started at their next home.
        var moving: Set<Int> = []
        /// Shards moved for balance alone since the last change.
        var moved: Set<Int> = []
    }

    private struct Coordinator: Hashable {
        let type: String
        let node: UniqueAddress
    }

    private var coordinations: [Coordinator: Coordination] = [:]
    private var isCalm = false

    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        guard case .coordinator(let note) = fact.note else {
            switch fact.note {
            case .region(.registered): forEach(fact.type) { $0.moved = [] }
            case .region(.shardStarted(let shard, _)): forEach(fact.type) { $0.moving.remove(shard) }
            case .region, .coordinator: break
            }
            return []
        }
        let key = Coordinator(type: fact.type, node: fact.node)
        switch note {
        case .started: coordinations[key] = Coordination()
        case .stopped: coordinations[key] = nil
        case .registered(let node, _):
            coordinations[key]?.regions.insert(node)
            coordinations[key]?.moved = []
        case .unplaced: break
        case .orphaned(_, let node, _):
            coordinations[key]?.regions.remove(node)
            coordinations[key]?.moved = []
        case .intentsChanged(let intents):
            coordinations[key]?.evacuated = []
            coordinations[key]?.isTied = !intents.pins.isEmpty || !intents.drains.isEmpty
            coordinations[key]?.moved = []
        case .handoffBegun(let shard, _, _, .rebalance):
            coordinations[key]?.moving.insert(shard)
            guard coordinations[key]?.moved.insert(shard).inserted == false, isCalm else { return [] }
            return [fact.violation("S10", shard: shard, "it is moved again though nothing has changed")]
        case .handoffBegun(let shard, let from, _, let reason):
            coordinations[key]?.moving.insert(shard)
            coordinations[key]?.moved = []
            if reason == .leaving || reason == .drain { coordinations[key]?.evacuated.insert(from) }
        case .handoffEnded(let shard, _, let outcome):
            if outcome == .done { return [] }
            coordinations[key]?.moving.remove(shard)
            coordinations[key]?.moved = []
        case .allocated(let home, let reason):
            coordinations[key]?.moving.insert(home.shard)
            if reason != .handoff { coordinations[key]?.moved = [] }
        case .roundPlanned(let moves): return evaluate(moves, key, fact, oracle)
        case .recovered, .moved, .conflict, .tooFewShards: break
        }
        return []
    }

    mutating func look(at now: Instant, isCalm: Bool, in oracle: ShardingOracle) -> [Violation] {
        self.isCalm = isCalm
        return []
    }

    private mutating func forEach(_ type: String, _ change: (inout Coordination) -> Void) {
        for (key, var coordination) in coordinations where key.type == type {
            change(&coordination)
            coordinations[key] = coordination
        }
    }

    private func evaluate(_ moves: Int, _ key: Coordinator, _ fact: ShardingFact, _ oracle: ShardingOracle)
        -> [Violation]
    {
        guard isCalm, let coordination = coordinations[key], !coordination.isTied, coordination.moving.isEmpty else {
            return []
        }
        // If a region's node has just died, the coordinator cannot know it yet, even if the period before was calm.
        guard coordination.regions.allSatisfy({ oracle.isAlive($0) }) else { return [] }
        var counts: [UniqueAddress: Int] = [:]
        for node in coordination.regions where !coordination.evacuated.contains(node) {
            counts[node] = 0
        }
        for (shard, runs) in oracle.runs where shard.type == fact.type && !runs.isEmpty {
            // Another rule covers a shard that runs on two nodes, or on no registered one.
            guard runs.count == 1, let node = runs.keys.first, counts[node] != nil else { return [] }
            counts[node, default: 0] += 1
        }
        let least = Self.leastMoves(Array(counts.values))
        if Double(moves) <= (Double(least) * 1.1).rounded(.up) { return [] }
        return [fact.violation("S10", "a round of \(fact.type) plans \(moves) moves where \(least) are enough")]
    }

    /// The fewest moves after which no two counts differ by more than one.
    static func leastMoves(_ counts: [Int]) -> Int {
        guard !counts.isEmpty else { return 0 }
        let (share, rest) = counts.reduce(0, +).quotientAndRemainder(dividingBy: counts.count)
        return counts.sorted(by: >).enumerated().reduce(0) { moves, item in
            moves + max(0, item.element - (item.offset < rest ? share + 1 : share))
        }
    }
}

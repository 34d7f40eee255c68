import CastyCore
import CastyPlacement
import CastySharding
import CastyTestbed

/// S2, S9: each allocation of a shard is newer than the one before, and is made only when the previous owner has
/// stopped the shard or has no valid lease. S9 is the same rule at a fail-over: a new coordinator does not reallocate a
/// shard that a live region still runs.
///
/// A dead owner acts no more, but no other node can know that: the lease with which it crashed must have ended too, by
/// its own clock, whatever the others know and count.
///
/// When no node is left that knew the cluster, a new one starts with the first version again.
struct GrowingOwnership: ShardingChecker {
    private struct Allocation {
        let version: ShardVersion
        let generation: Int
    }

    private var latest: [ShardKey: Allocation] = [:]

    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        switch fact.note {
        case .coordinator(.allocated(let home, _)): return allocated(home, fact, oracle)
        case .region(.shardStarted(let shard, let version)):
            let key = ShardKey(type: fact.type, shard: shard)
            return oracle.actors(of: key).filter { $0 != fact.node }.map { other in
                fact.violation(
                    "S2", shard: shard, "it starts on \(fact.name) as \(version) while it runs on \(oracle.name(other))"
                )
            }
        case .coordinator, .region: return []
        }
    }

    private mutating func allocated(
        _ home: ShardHome, _ fact: ShardingFact, _ oracle: ShardingOracle
    ) -> [Violation] {
        let key = ShardKey(type: fact.type, shard: home.shard)
        var found: [Violation] = []
        if let before = latest[key], before.generation == oracle.generation, before.version >= home.version {
            found.append(
                fact.violation(
                    "S2", shard: home.shard, "the allocation \(home.version) comes after \(before.version)"))
        }
        latest[key] = Allocation(version: home.version, generation: oracle.generation)
        for other in oracle.actors(of: key) where other != home.node {
            let version = oracle.runs[key]?[other]?.version ?? .none
            found.append(
                fact.violation(
                    version.epoch < home.version.epoch ? "S9" : "S2", shard: home.shard,
                    "\(home.version) gives it to \(oracle.name(home.node)) while \(oracle.name(other)) runs it as \(version)"
                ))
        }
        if let orphan = oracle.orphans[key], orphan.generation == oracle.generation, orphan.owner != home.node,
            oracle.outlives(orphan.owner)
        {
            found.append(
                fact.violation(
                    "S2", shard: home.shard,
                    "it is given away before the lease has ended with which \(oracle.name(orphan.owner)) crashed"))
        }
        return found
    }
}

/// S3: each start of a coordinator has an epoch above all epochs that any live node knows; a coordinator without a
/// lease grants nothing.
struct CoordinatorEpochs: ShardingChecker {
    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        switch fact.note {
        case .coordinator(.started(let epoch)):
            guard let highest = oracle.highestEpoch(of: fact.type), epoch <= highest else { return [] }
            return [fact.violation("S3", "its coordinator of \(fact.type) starts as \(epoch) after \(highest)")]
        case .coordinator(.allocated(let home, _)):
            if oracle.mayAct(fact.node) { return [] }
            return [fact.violation("S3", shard: home.shard, "a coordinator without a lease gives it away")]
        case .coordinator(.handoffBegun(let shard, _, _, _)):
            if oracle.mayAct(fact.node) { return [] }
            return [fact.violation("S3", shard: shard, "a coordinator without a lease begins a handoff")]
        case .coordinator, .region: return []
        }
    }
}

/// S0, S12: an entity starts only in the shard that its name determines, and only where that shard runs.
/// ``ShardingOracle`` computes the shard independently by FNV-1a.
struct EntitiesWithOwners: ShardingChecker {
    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        guard case .region(.entityStarted(let instance)) = fact.note else { return [] }
        var found: [Violation] = []
        let shard = ShardingOracle.shard(of: instance.entity, count: fact.settings.shardCount)
        if shard != instance.shard {
            found.append(
                fact.violation(
                    "S0", entity: instance.entity, "it starts in shard \(instance.shard) and belongs to shard \(shard)")
            )
        }
        if oracle.runs[ShardKey(type: fact.type, shard: instance.shard)]?[fact.node] == nil {
            found.append(
                fact.violation(
                    "S12", entity: instance.entity,
                    "it starts on \(fact.name), where shard \(instance.shard) does not run"
                ))
        }
        return found
    }
}

import CastyCore
import CastyPlacement
import CastySharding
import CastyTestbed

/// S2, S9: each allocation of a shard is newer than the one before, and is made only when the previous owner has
/// stopped the shard, is dead, or has no valid lease. The shard of a removed owner also waits for the removal margin.
/// S9 is the same rule at a fail-over: a new coordinator does not reallocate a shard that a live region still runs.
///
/// When no node is left that knew the cluster, a new one starts with the first version again. The margin is measured by
/// the runtime's clock, with a tolerance of one and a half percent for faulty clocks.
struct GrowingOwnership: ShardingChecker {
    private struct Allocation {
        let version: ShardVersion
        let generation: Int
    }

    private struct Removal: Hashable {
        let node: UniqueAddress
        let key: ShardKey
    }

    private var latest: [ShardKey: Allocation] = [:]
    /// When a coordinator saw the removal of the shard's owner.
    private var removals: [Removal: Instant] = [:]

    mutating func note(_ fact: ShardingFact, in oracle: ShardingOracle) -> [Violation] {
        switch fact.note {
        case .coordinator(.orphaned(let shards, _, _)):
            for shard in shards {
                removals[Removal(node: fact.node, key: ShardKey(type: fact.type, shard: shard))] = fact.time
            }
            return []
        case .coordinator(.allocated(let home, let reason)): return allocated(home, reason, fact, oracle)
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
        _ home: ShardHome, _ reason: AllocationReason, _ fact: ShardingFact, _ oracle: ShardingOracle
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
        // A coordinator that reallocates the shards of a crashed node waits from the moment when it saw the removal
        // itself, whether or not it was coordinating then.
        if let orphan = oracle.orphans[key], orphan.generation == oracle.generation, orphan.owner != home.node,
            let seen = oracle.removed(orphan.owner, seenBy: fact.node),
            fact.time - seen < fact.settings.removalMargin * 0.985
        {
            found.append(
                fact.violation(
                    "S2", shard: home.shard,
                    "it is given away \(fact.time - seen) after this node saw that \(oracle.name(orphan.owner)), which ran it and crashed, was removed"
                ))
        }
        let removal = removals.removeValue(forKey: Removal(node: fact.node, key: key))
        if reason == .ownerRemoved, let removal {
            let waited = fact.time - removal
            if waited < fact.settings.removalMargin * 0.985 {
                found.append(
                    fact.violation(
                        "S2", shard: home.shard,
                        "it is given away \(waited) after its owner's removal; the margin is \(fact.settings.removalMargin)"
                    ))
            }
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

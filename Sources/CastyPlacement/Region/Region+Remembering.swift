package import CastyPrimitives

extension Region {
    /// The store knows these entities of a shard.
    package mutating func onRemembered(
        _ names: [String], shard: Int, version: ShardVersion, at now: Instant
    ) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        guard self.shard(shard)?.version == version, hosted[shard]?.isLoading == true else { return effects }
        hosted[shard]?.isLoading = false
        guard hosted[shard]?.isStopping == false else { return effects }
        for name in names where self.shard(of: name) == shard && entities[shard][name] == nil {
            entities[shard][name] = Entity(instance: 0, state: .remembered, startedAt: now)
            recovering.append(EntityKey(shard: shard, entity: name))
        }
        deliverHeld(shard, at: now, &effects)
        recover(at: now, &effects)
        return effects
    }

    /// Starts the next few remembered entities: a bounded rate, so that a node is not trampled by what comes back.
    mutating func recover(at now: Instant, _ effects: inout Effects) {
        guard !recovering.isEmpty else { return }
        if nextRecovery <= now {
            var started = 0
            var taken = 0
            for key in recovering {
                guard started < max(1, settings.recoveryBatch) else { break }
                taken += 1
                guard entities[key.shard][key.entity]?.state == .remembered else { continue }
                begin(key.entity, in: key.shard, failures: 0, with: [], at: now, &effects)
                started += 1
            }
            recovering.removeFirst(taken)
            nextRecovery = now + settings.recoveryPause
        }
        if !recovering.isEmpty { wake(by: nextRecovery) }
    }

    /// The store has written what was asked.
    package mutating func onStored(_ request: StoreRequest, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        switch request {
        case .load: break
        case .add(let name, let shard):
            guard entities.indices.contains(shard), let entity = entities[shard][name], entity.state == .remembering
            else { break }
            keptCount -= entity.kept.count
            begin(name, in: shard, failures: 0, with: entity.kept, at: now, &effects)
        case .remove(let name, let shard):
            guard entities.indices.contains(shard), let entity = entities[shard][name], entity.state == .forgetting
            else { break }
            if entity.kept.isEmpty {
                entities[shard][name] = nil
            } else {
                // A message came while the end was written: the entity lives again.
                entities[shard][name]?.state = .remembering
                effects.append(.store(.add(entity: name, shard: shard)))
            }
        }
        return effects
    }
}

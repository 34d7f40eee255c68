package import CastyCore

extension Region {
    /// Changes the passivation settings. If the policy changes, uses are counted anew.
    package mutating func onPassivation(_ passivation: PassivationSettings, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let isSamePolicy = settings.passivation.policy == passivation.policy
        settings.passivation = passivation
        if !isSamePolicy {
            usage = UsageOrder(policy: passivation.policy)
            for shard in hosted.numbers {
                for name in hosted.entities[shard].keys { hosted.entities[shard][name]?.slot = nil }
            }
        }
        guard passivatesByItself else { return effects }
        // Entities that started while passivation was off are not in the usage order yet.
        var unordered: [(used: Instant, key: EntityKey)] = []
        for shard in hosted.numbers {
            for (name, entity) in hosted.entities[shard] where entity.state == .active && entity.slot == nil {
                unordered.append((entity.lastUsed, EntityKey(shard: shard, entity: name)))
            }
        }
        unordered.sort { ($0.used, $0.key.entity) < ($1.used, $1.key.entity) }
        for (used, key) in unordered { hosted.entities[key.shard][key.entity]?.slot = usage.insert(key, at: used) }
        passivateIdle(at: now, &effects)
        passivateOverLimit(sparing: nil, &effects)
        return effects
    }

    /// Passivates entities until no more are active than the limit allows.
    mutating func passivateOverLimit(sparing spared: Int?, _ effects: inout Effects) {
        guard passivatesByItself, let limit = settings.passivation.limit else { return }
        while usage.count > max(1, limit), let victim = usage.victim(sparing: spared) {
            passivate(victim.entity, in: victim.shard, &effects)
        }
    }
}

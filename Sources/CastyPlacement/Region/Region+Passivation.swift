package import CastyPrimitives

extension Region {
    /// From now on other entities go to sleep than before. The policy stays the one the region began with.
    package mutating func onPassivation(_ passivation: PassivationSettings, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let policy = settings.passivation.policy
        settings.passivation = passivation
        settings.passivation.policy = policy
        guard passivatesByItself else { return effects }
        // Entities that started while nothing passivated them have no place in the order of use yet.
        var unordered: [(used: Instant, key: EntityKey)] = []
        for shard in hostedShards {
            for (name, entity) in entities[shard] where entity.state == .active && entity.slot == nil {
                unordered.append((entity.lastUsed, EntityKey(shard: shard, entity: name)))
            }
        }
        unordered.sort { ($0.used, $0.key.entity) < ($1.used, $1.key.entity) }
        for (used, key) in unordered { entities[key.shard][key.entity]?.slot = usage.insert(key, at: used) }
        passivateIdle(at: now, &effects)
        return effects
    }
}

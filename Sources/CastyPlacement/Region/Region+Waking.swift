package import CastyCore

extension Region {
    /// Something is due for an entity. If its shard runs here the entity starts, unless it runs; a shard without a home
    /// gets one. Where it cannot start now, the caller tries again later.
    package mutating func onWake(_ entity: String, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let (name, shard) = canonical(of: entity)
        guard !isShutDown, !isProxy else { return effects }
        guard let home = homes[shard].target else {
            ask([shard], at: now, &effects)
            return effects
        }
        guard home == own, canSend(shard), hosted.shards[shard]?.isStopping == false else { return effects }
        switch hosted.entities[shard][name]?.state {
        case nil where settings.remembersEntities:
            hosted.entities[shard][name] = Entity(instance: 0, state: .remembering, startedAt: now)
            write(.add(entity: name, shard: shard, run: hosted.shards[shard]?.run ?? 0), &effects)
        case nil, .remembered: begin(name, in: shard, with: [], at: now, &effects)
        case .active, .passivating, .stopping, .waiting, .remembering, .forgetting: break
        }
        return effects
    }
}

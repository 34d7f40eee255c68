import CastyCore

/// A lapse of the lease pauses, it does not end.
///
/// ```
///            lease lapses                     lease is back, and the coordinator, asked since, has the shard here
///  running ────────────────▶ paused ────────────────────────────────────────────────────────────────────────────▶ running
///                               │  given away, the node is down or stops
///                               └───────────────────────────────────────▶ stopping
/// ```
///
/// While it lasts no handler runs and no timer fires; what comes for the shard waits, in order, behind what is in the mailboxes.
extension Region {
    /// Whether shards wait here for the coordinator's word.
    var hasPaused: Bool { hostedShards.contains { hosted[$0]?.isPaused == true } }

    mutating func pause(at now: Instant, _ effects: inout Effects) {
        effects.append(.pause)
        if !hasPaused { pausedSince = now }
        for shard in hostedShards {
            switch hosted[shard]?.phase {
            case .running?: hosted[shard]?.isPaused = true
            // Its entities are on their way out: there is no state to keep.
            case .draining?, .stopping?: stop(shard, .now, at: now, &effects)
            case nil: break
            }
        }
        // Nothing else may happen here when the lease is back: then this region says that it can be given shards.
        wake(by: now + settings.retry)
    }

    /// The coordinator says that it has the shard here. That counts as soon as it comes from one that has read, since the lease is valid again, what
    /// this region hosts.
    mutating func resume(_ shard: Int, as version: ShardVersion, at now: Instant, _ effects: inout Effects) {
        guard !isFenced, isRegistered, let item = hosted[shard],
            item.isPaused, !item.isStopping, item.version == version
        else { return }
        hosted[shard]?.isPaused = false
        let instances = entities[shard].sorted { $0.value.instance < $1.value.instance }.filter { $0.value.isRunning }
            .map { EntityInstance(entity: $0.key, shard: shard, number: $0.value.instance) }
        effects.append(.resume(shard: shard, instances))
        if settings.mutations.contains(.forgetsPaused) {
            keptCount -= item.ahead.count + item.held.count
            hosted[shard]?.ahead = []
            hosted[shard]?.held = []
        }
        deliverHeld(shard, at: now, &effects)
        let due = restarts.filter { $0.key.shard == shard && $0.at <= now }
        restarts.removeAll { $0.key.shard == shard && $0.at <= now }
        for item in due { restart(item, at: now, &effects) }
        guard !hasPaused else { return }
        // The pause counts for no entity as a time in which it was not used.
        usage.shift(by: now - pausedSince, notAfter: now)
        recover(at: now, &effects)
        for item in restarts { wake(by: item.at) }
        if settings.passivation.idle != nil { wake(by: now) }
    }

    /// Asks the coordinator once more for its word, where that has been lost.
    mutating func askForPaused(at now: Instant, _ effects: inout Effects) {
        guard hasPaused else { return }
        wake(by: now + settings.retry)
        guard !isFenced, isRegistered, !isShutDown else { return }
        request(.homes(of: hostedShards.filter { hosted[$0]?.isPaused == true }), &effects)
    }

    /// The entity starts when its shard goes on.
    mutating func beginLater(
        _ name: String, in shard: Int, after failures: (all: Int, starts: Int),
        with messages: [BufferedMessage<Payload>],
        at now: Instant
    ) {
        if settings.remembersEntities, entities[shard][name]?.state == .remembered { hosted[shard]?.dormant -= 1 }
        instances += 1
        var entity = Entity(
            instance: instances, state: .waiting(until: now), startedAt: now, failures: failures.all, kept: messages)
        entity.failedStarts = failures.starts
        keptCount += messages.count
        entities[shard][name] = entity
        restarts.append(Restart(key: EntityKey(shard: shard, entity: name), instance: instances, at: now))
    }
}

extension Entity {
    /// Whether it has an actor.
    var isRunning: Bool {
        switch state {
        case .active, .passivating, .stopping: true
        case .waiting, .remembering, .forgetting, .remembered: false
        }
    }
}

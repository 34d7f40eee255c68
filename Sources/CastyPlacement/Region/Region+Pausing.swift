import CastyCore

/// When the lease lapses, shards pause; they do not stop.
///
/// ```
///            lease lapses                     lease is back, and the coordinator, asked since, has the shard here
///  running ────────────────▶ paused ────────────────────────────────────────────────────────────────────────────▶ running
///                               │  given away, the node is down or stops
///                               └───────────────────────────────────────▶ stopping
/// ```
///
/// During the pause no handler runs and no timer fires; messages for the shard wait, in order, behind those in the
/// mailboxes.
extension Region {
    mutating func pause(at now: Instant, _ effects: inout Effects) {
        effects.append(.pause)
        for shard in hosted.numbers {
            homes.closeRoute(shard)
            switch hosted.shards[shard]?.phase {
            case .running?: hosted.shards[shard]?.isPaused = true
            // Its entities are already stopping: there is no state to preserve.
            case .draining?, .stopping?: stop(shard, .now, at: now, &effects)
            case nil: break
            }
        }
        // No other event may arrive when the lease is valid again: on this wake-up the region registers.
        wake(by: now + settings.retry)
    }

    /// The coordinator confirms that this region hosts the shard. The confirmation counts only if the region has
    /// registered with it since the lease became valid again.
    mutating func resume(_ shard: Int, as version: ShardVersion, at now: Instant, _ effects: inout Effects) {
        guard !lease.isLapsed, coordination.isRegistered, let item = hosted.shards[shard],
            item.isPaused, !item.isStopping, item.version == version
        else { return }
        hosted.shards[shard]?.isPaused = false
        let instances = hosted.entities[shard].sorted { $0.value.instance < $1.value.instance }.filter {
            $0.value.isRunning
        }
        .map { EntityInstance(entity: $0.key, shard: shard, number: $0.value.instance) }
        effects.append(.resume(shard: shard, instances))
        if settings.mutations.contains(.forgetsPaused) {
            buffers.countOut(item.ahead.count + item.held.count)
            hosted.shards[shard]?.ahead = []
            hosted.shards[shard]?.held = []
        }
        deliverHeld(shard, at: now, &effects)
        let due = restarts.filter { $0.key.shard == shard && $0.at <= now }
        restarts.removeAll { $0.key.shard == shard && $0.at <= now }
        for item in due { restart(item, at: now, &effects) }
        guard !hosted.hasPaused, let pausedSince = lease.confirm() else { return }
        // The pause does not count as idle time of any entity.
        usage.shift(by: now - pausedSince, notAfter: now)
        recover(at: now, &effects)
        for item in restarts { wake(by: item.at) }
        if settings.passivation.idle != nil { wake(by: now) }
    }

    /// Asks the coordinator again to confirm the paused shards, in case its confirmation was lost.
    mutating func askForPaused(at now: Instant, _ effects: inout Effects) {
        guard hosted.hasPaused else { return }
        wake(by: now + settings.retry)
        guard !lease.isLapsed, coordination.isRegistered, !isShutDown else { return }
        request(.homes(of: hosted.numbers.filter { hosted.shards[$0]?.isPaused == true }), &effects)
    }

    /// The entity starts when its shard resumes.
    mutating func beginLater(
        _ name: String, in shard: Int, after failures: (all: Int, starts: Int),
        with messages: [BufferedMessage<Payload>],
        at now: Instant
    ) {
        if settings.remembersEntities, hosted.entities[shard][name]?.state == .remembered {
            hosted.shards[shard]?.dormant -= 1
        }
        let number = hosted.nextInstance()
        var entity = Entity(
            instance: number, state: .waiting(until: now), startedAt: now, failures: failures.all, buffered: messages)
        entity.failedStarts = failures.starts
        buffers.countIn(messages.count)
        hosted.entities[shard][name] = entity
        restarts.append(Restart(key: EntityKey(shard: shard, entity: name), instance: number, at: now))
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

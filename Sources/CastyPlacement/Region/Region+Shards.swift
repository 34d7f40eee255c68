import CastyCore

extension Region {
    /// Starts a shard that the coordinator assigned to this region.
    mutating func start(_ order: HostOrder, at now: Instant, _ effects: inout Effects) {
        let shard = order.shard
        var item = Shard<Payload>(number: shard, version: order.version)
        if let old = order.holdFor, old != own, view.member(old) != nil {
            let deadline = now + settings.holdBound
            item.hold = .init(node: old, deadline: deadline)
            wake(by: deadline)
        }
        item.isLoading = settings.remembersEntities
        hosted.start(item)
        note(.shardStarted(shard: shard, order.version), &effects)
        if item.isLoading { effects.append(.store(.load(shard: shard, run: hosted.shards[shard]?.run ?? 0))) }
        wake(by: lease.validUntil)
        homes[shard].version = order.version
        homes[shard].target = own
        closeStream(shard, handoff: nil, at: now, &effects)
        flush(shard, at: now, &effects)
    }

    /// The old home has sent its messages, or will not; new messages may pass.
    mutating func releaseHold(_ shard: Int, at now: Instant, _ effects: inout Effects) {
        hosted.shards[shard]?.hold = nil
        if hosted.shards[shard]?.isStopping == true {
            leaveHeld(shard)
            finishIfEmpty(shard, at: now, &effects)
        } else {
            deliverHeld(shard, at: now, &effects)
        }
    }

    /// Delivers the held messages: first the leftovers of earlier homes, here or elsewhere.
    mutating func deliverHeld(_ shard: Int, at now: Instant, _ effects: inout Effects) {
        guard let item = hosted.shards[shard], !item.isHolding else { return }
        hosted.shards[shard]?.ahead = []
        hosted.shards[shard]?.held = []
        buffers.countOut(item.ahead.count + item.held.count)
        for message in item.ahead { deliver(message, in: shard, at: now, &effects) }
        flush(shard, at: now, &effects)
        for message in item.held { deliver(message, in: shard, at: now, &effects) }
    }

    mutating func stopIfDrained(_ shard: Int, at now: Instant, _ effects: inout Effects) {
        if hosted.shards[shard]?.isDrained == true { stop(shard, .afterMailbox, at: now, &effects) }
    }

    /// Stops a shard and all its entities. This cannot be undone: when the last entity has ended, the coordinator is
    /// notified.
    mutating func stop(_ shard: Int, _ mode: StopMode, at now: Instant, _ effects: inout Effects) {
        guard let item = hosted.shards[shard] else { return }
        // Paused entities cannot empty their mailboxes; the messages in them go to the new home.
        let mode = item.isPaused || lease.isLapsed ? .now : mode
        if case .stopping(_, let isKilled)? = hosted.shards[shard]?.phase, isKilled || mode == .afterMailbox { return }
        if homes[shard].target == own { homes[shard].target = nil }
        homes.closeRoute(shard)
        let deadline = now + (mode == .now ? settings.killBound : settings.stopBound)
        hosted.shards[shard]?.phase = .stopping(deadline: deadline, isKilled: mode == .now)
        hosted.shards[shard]?.isPaused = false
        wake(by: deadline)
        storeRetries.drop(shard)
        for name in hosted.entities[shard].keys.sorted() {
            guard let entity = hosted.entities[shard][name] else { continue }
            let instance = EntityInstance(entity: name, shard: shard, number: entity.instance)
            switch entity.state {
            case .active:
                if let slot = entity.slot { usage.remove(slot) }
                hosted.entities[shard][name]?.slot = nil
                hosted.entities[shard][name]?.state = .stopping
                effects.append(.stop(instance, mode))
            case .passivating, .stopping: if mode == .now { effects.append(.stop(instance, .now)) }
            case .waiting, .remembering, .forgetting, .remembered:
                hosted.entities[shard][name] = nil
                hosted.shards[shard]?.leftover.append(contentsOf: entity.buffered)
            }
        }
        leaveHeld(shard)
        finishIfEmpty(shard, at: now, &effects)
    }

    /// Messages that waited for a pause or hold that is over go to the new home with the rest, ahead of later ones.
    mutating func leaveHeld(_ shard: Int) {
        guard let item = hosted.shards[shard], item.isStopping, !item.isHolding,
            !settings.mutations.contains(.overtakesHeld)
        else { return }
        hosted.shards[shard]?.ahead = []
        hosted.shards[shard]?.held = []
        for message in item.ahead + item.held { leave(message, of: shard) }
    }

    mutating func finishIfEmpty(_ shard: Int, at now: Instant, _ effects: inout Effects) {
        guard let item = hosted.shards[shard] else { return }
        if item.isStopping, hosted.entities[shard].isEmpty, item.writing == 0 || isShutDown {
            finish(shard, isForced: false, at: now, &effects)
        }
    }

    /// Buffers a message for a shard that is stopping here; it goes to the new home with the leftovers, behind those of
    /// its entity.
    mutating func keepForNewHome(_ message: BufferedMessage<Payload>, of shard: Int, _ effects: inout Effects) {
        if keep(message, of: shard, &effects) { leave(message, of: shard) }
    }

    private mutating func leave(_ message: BufferedMessage<Payload>, of shard: Int) {
        if hosted.entities[shard][message.entity] != nil {
            hosted.entities[shard][message.entity]?.buffered.append(message)
        } else {
            hosted.shards[shard]?.leftover.append(message)
        }
    }

    /// The shard is stopped. Its leftovers go to the front of this region's own buffer, and from there to the new home.
    mutating func finish(_ shard: Int, isForced: Bool, at now: Instant, _ effects: inout Effects) {
        guard let item = hosted.shards[shard] else { return }
        var left = item.leftover
        for name in hosted.entities[shard].keys.sorted() { left += hosted.entities[shard][name]?.buffered ?? [] }
        left += item.ahead + item.held
        hosted.remove(shard)
        homes[shard].ended = max(homes[shard].ended, item.version)
        if isShutDown {
            buffers.countOut(left.count)
            for message in left { lose(message, of: shard, .shutdown, &effects) }
        } else if !left.isEmpty {
            buffers.insert(leftovers: left, into: shard)
        }
        note(.shardStopped(shard: shard, item.version, forced: isForced), &effects)
        let version = VersionedShard(shard: shard, version: item.version)
        request(.stopped(version, hasLeftover: buffers.hasLeftover[shard]), &effects)
        wake(by: now + settings.retry)
        // If the new home is already known, the leftovers go there at once.
        flush(shard, at: now, &effects)
        if lifecycle.isReleased { released(at: now, &effects) }
    }
}

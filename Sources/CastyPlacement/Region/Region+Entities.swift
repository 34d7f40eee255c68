package import CastyCore

extension Region {
    /// Delivers a message to its entity on this node; starts the entity if it does not run.
    mutating func deliver(
        _ message: BufferedMessage<Payload>, in shard: Int, at now: Instant, _ effects: inout Effects
    ) {
        let name = message.entity
        guard let (state, instance, slot) = hosted.entities[shard][name].map({ ($0.state, $0.instance, $0.slot) })
        else {
            guard settings.remembersEntities else {
                begin(name, in: shard, with: [message], at: now, &effects)
                return
            }
            guard keep(message, of: shard, &effects) else { return }
            hosted.entities[shard][name] = Entity(instance: 0, state: .remembering, startedAt: now, buffered: [message])
            write(.add(entity: name, shard: shard, run: hosted.shards[shard]?.run ?? 0), &effects)
            return
        }
        switch state {
        case .active:
            if let slot { usage.touch(slot, at: now) }
            hosted.entities[shard][name]?.use(at: now)
            hosted.shards[shard]?.handled += 1
            effects.append(
                .deliver(message.payload, to: EntityInstance(entity: name, shard: shard, number: instance)))
        case .remembered: begin(name, in: shard, with: [message], at: now, &effects)
        case .passivating, .stopping, .waiting, .remembering, .forgetting:
            if keep(message, of: shard, &effects) { hosted.entities[shard][name]?.buffered.append(message) }
        }
    }

    /// Starts an entity and delivers the messages buffered for it, which no longer count as buffered.
    mutating func begin(
        _ name: String, in shard: Int, after failures: (all: Int, starts: Int) = (0, 0),
        with messages: [BufferedMessage<Payload>], at now: Instant, _ effects: inout Effects
    ) {
        if hosted.shards[shard]?.isPaused == true {
            return beginLater(name, in: shard, after: failures, with: messages, at: now)
        }
        let number = hosted.nextInstance()
        if settings.remembersEntities, hosted.entities[shard][name]?.state == .remembered {
            hosted.shards[shard]?.dormant -= 1
        }
        let instance = EntityInstance(entity: name, shard: shard, number: number)
        var entity = Entity<Payload>(instance: number, state: .active, startedAt: now, failures: failures.all)
        entity.failedStarts = failures.starts
        if passivatesByItself {
            entity.slot = usage.insert(EntityKey(shard: shard, entity: name), at: now)
            if let idle = settings.passivation.idle { wake(by: now + idle) }
        }
        entity.handled = UInt64(messages.count)
        hosted.shards[shard]?.handled += UInt64(messages.count)
        hosted.entities[shard][name] = entity
        effects.append(.start(instance))
        note(.entityStarted(instance), &effects)
        for message in messages { effects.append(.deliver(message.payload, to: instance)) }
        passivateOverLimit(sparing: entity.slot, &effects)
    }

    /// Whether entities are passivated automatically; remembered entities are passivated only on request.
    package var passivatesByItself: Bool {
        !settings.remembersEntities && (settings.passivation.idle != nil || settings.passivation.limit != nil)
    }

    /// The entity or an operator asks to passivate it.
    @specialized(where Payload == ErasedMessage)
    package mutating func onPassivate(_ entity: String, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let (entity, shard) = canonical(of: entity)
        passivate(entity, in: shard, &effects)
        return effects
    }

    mutating func passivate(_ name: String, in shard: Int, _ effects: inout Effects) {
        guard let entity = hosted.entities[shard][name], entity.state == .active else { return }
        if let slot = entity.slot { usage.remove(slot) }
        hosted.entities[shard][name]?.slot = nil
        hosted.entities[shard][name]?.state = .passivating
        effects.append(
            .stop(EntityInstance(entity: name, shard: shard, number: entity.instance), .afterMailbox))
    }

    /// An entity ended, for any reason.
    @specialized(where Payload == ErasedMessage)
    package mutating func onTerminated(_ end: EntityEnd<Payload>, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let shard = end.instance.shard
        let name = end.instance.entity
        guard hosted.entities.indices.contains(shard), let entity = hosted.entities[shard][name],
            entity.instance == end.instance.number
        else {
            for payload in end.unhandled {
                effects.append(.lost(payload, entity: name, shard: shard, isShutDown ? .shutdown : .handoff))
            }
            return effects
        }
        if let slot = entity.slot { usage.remove(slot) }
        hosted.entities[shard][name] = nil
        var buffered: [BufferedMessage<Payload>] = []
        for payload in end.unhandled {
            let message = BufferedMessage(entity: name, payload: payload, sequence: 0, since: now)
            if keep(message, of: shard, &effects) { buffered.append(message) }
        }
        buffered += entity.buffered
        if hosted.shards[shard]?.isStopping == true {
            endWithShard(entity, end, buffered, at: now, &effects)
        } else {
            endAlone(entity, end, buffered, at: now, &effects)
        }
        return effects
    }

    private mutating func endWithShard(
        _ entity: Entity<Payload>, _ end: EntityEnd<Payload>, _ buffered: [BufferedMessage<Payload>], at now: Instant,
        _ effects: inout Effects
    ) {
        let shard = end.instance.shard
        note(.entityStopped(end.instance), &effects)
        if entity.state == .passivating, settings.remembersEntities, buffered.isEmpty {
            write(.remove(entity: end.instance.entity, shard: shard, run: hosted.shards[shard]?.run ?? 0), &effects)
        }
        hosted.shards[shard]?.leftover.append(contentsOf: buffered)
        finishIfEmpty(shard, at: now, &effects)
    }

    private mutating func endAlone(
        _ entity: Entity<Payload>, _ end: EntityEnd<Payload>, _ buffered: [BufferedMessage<Payload>], at now: Instant,
        _ effects: inout Effects
    ) {
        let shard = end.instance.shard
        let name = end.instance.entity
        let wasAsked = entity.state == .passivating
        var buffered = buffered
        if wasAsked, settings.mutations.contains(.forgetsPassivating) {
            buffers.countOut(buffered.count)
            buffered = []
        }
        // An entity that ends as soon as it starts would otherwise restart without a pause.
        let neverHandled = !end.unhandled.isEmpty && entity.handled <= UInt64(end.unhandled.count)
        if end.failed || neverHandled || (settings.remembersEntities && !wasAsked && buffered.isEmpty) {
            wait(entity, end, buffered, at: now, &effects)
            return
        }
        note(wasAsked ? .entityPassivated(end.instance) : .entityStopped(end.instance), &effects)
        if !buffered.isEmpty {
            buffers.countOut(buffered.count)
            begin(name, in: shard, with: buffered, at: now, &effects)
        } else if settings.remembersEntities {
            hosted.entities[shard][name] = Entity(instance: 0, state: .forgetting, startedAt: now)
            write(.remove(entity: name, shard: shard, run: hosted.shards[shard]?.run ?? 0), &effects)
        }
    }

    /// Delays the restart of the entity; the delay doubles with each failure in a row.
    private mutating func wait(
        _ entity: Entity<Payload>, _ end: EntityEnd<Payload>, _ buffered: [BufferedMessage<Payload>], at now: Instant,
        _ effects: inout Effects
    ) {
        let ranLong = now - entity.startedAt > settings.restartBackoffLimit
        let failures = (ranLong ? 0 : entity.failures) + 1
        let until = now + restartDelay(of: end.instance.entity, failures: failures)
        if end.failed {
            note(.entityFailed(end.instance, failures: failures, restartAt: until), &effects)
        } else {
            note(
                entity.state == .passivating ? .entityPassivated(end.instance) : .entityStopped(end.instance), &effects)
        }
        var waiting = Entity(
            instance: end.instance.number, state: .waiting(until: until), startedAt: now, failures: failures,
            buffered: buffered)
        // If it never handles a message, the messages that wait for it would wait forever.
        let handledNone =
            entity.handled <= UInt64(end.unhandled.count) && (end.failed || !end.unhandled.isEmpty)
        waiting.failedStarts = handledNone && !ranLong ? entity.failedStarts + 1 : 0
        if waiting.failedStarts >= settings.startAttempts {
            waiting.buffered = []
            buffers.countOut(buffered.count)
            for message in buffered { lose(message, of: end.instance.shard, .entityFailed, &effects) }
        }
        hosted.entities[end.instance.shard][end.instance.entity] = waiting
        let key = EntityKey(shard: end.instance.shard, entity: end.instance.entity)
        restarts.append(Restart(key: key, instance: end.instance.number, at: until))
        wake(by: until)
    }

    /// How long an entity waits after `failures` failures in a row: the wait doubles each time, plus a jitter derived
    /// from the entity's id.
    private func restartDelay(of entity: String, failures: Int) -> Duration {
        let doubled = min(settings.restartBackoff * (1 << min(failures - 1, 20)), settings.restartBackoffLimit)
        var hash = StableHash()
        hash.combine(entity)
        hash.combine(String(failures))
        return doubled * (1 + settings.restartJitter * Double(hash.value >> 11) / Double(1 << 53 as UInt64))
    }

    /// The wait of an entity is over: it starts if a message waits for it or it is remembered.
    mutating func restart(_ item: Restart, at now: Instant, _ effects: inout Effects) {
        let (shard, name) = (item.key.shard, item.key.entity)
        guard let entity = hosted.entities[shard][name], entity.instance == item.instance, case .waiting = entity.state
        else {
            return
        }
        hosted.entities[shard][name] = nil
        guard !entity.buffered.isEmpty || settings.remembersEntities else { return }
        buffers.countOut(entity.buffered.count)
        begin(
            name, in: shard, after: (entity.failures, entity.failedStarts), with: entity.buffered, at: now, &effects)
    }
}

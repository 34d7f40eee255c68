package import CastyCore

extension Region {
    /// The store has read these remembered entities of a shard.
    ///
    /// They start from now on; messages wait until all are read.
    ///
    /// - Parameter isLast: Whether these were the last ones.
    package mutating func onRemembered(
        _ names: [String], shard: Int, run: UInt64, isLast: Bool = true, at now: Instant
    ) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        guard let item = self.shard(shard), item.run == run, item.isLoading else { return effects }
        storeAnswered(&effects)
        guard !item.isStopping else {
            // The rest is the next home's.
            hosted.shards[shard]?.isLoading = false
            leaveHeld(shard)
            return effects
        }
        if isLast { hosted.shards[shard]?.isLoading = false }
        var count = 0
        for name in names {
            let (name, number) = canonical(of: name)
            guard number == shard, hosted.entities[shard][name] == nil else { continue }
            hosted.entities[shard][name] = Entity(instance: 0, state: .remembered, startedAt: now)
            recovery.append(EntityKey(shard: shard, entity: name))
            count += 1
        }
        hosted.shards[shard]?.remembered += count
        hosted.shards[shard]?.dormant += count
        if isLast {
            let all = hosted.shards[shard]?.remembered ?? 0
            if all > 0 { note(.remembered(shard: shard, count: all), &effects) }
            deliverHeld(shard, at: now, &effects)
        }
        recover(at: now, &effects)
        return effects
    }

    /// Starts the next batch of remembered entities: the rate is bounded, so that restarts do not overload the node.
    mutating func recover(at now: Instant, _ effects: inout Effects) {
        guard !recovery.isEmpty, !hosted.hasPaused else { return }
        if recovery.nextAt <= now {
            var started = 0
            while started < max(1, settings.recoveryBatch), let key = recovery.popNext() {
                guard hosted.entities[key.shard][key.entity]?.state == .remembered else { continue }
                begin(key.entity, in: key.shard, with: [], at: now, &effects)
                started += 1
            }
            recovery.nextAt = now + settings.recoveryPause
        }
        if !recovery.isEmpty { wake(by: recovery.nextAt) }
    }

    // MARK: Writing

    mutating func write(_ request: StoreRequest, _ effects: inout Effects) {
        hosted.shards[request.shard]?.writing += 1
        effects.append(.store(request))
    }

    /// Whether an answer belongs to the current run of its shard; if so, counts down the writes in flight.
    private mutating func takeAnswer(_ request: StoreRequest) -> Bool {
        guard let item = shard(request.shard), item.run == request.run else { return false }
        if case .load = request { return true }
        hosted.shards[request.shard]?.writing -= 1
        return true
    }

    /// The store has performed the write.
    package mutating func onStored(_ request: StoreRequest, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        guard takeAnswer(request) else { return effects }
        storeAnswered(&effects)
        let shard = request.shard
        switch request {
        case .load: break
        case .add(let name, _, _):
            guard let entity = hosted.entities[shard][name], entity.state == .remembering else { break }
            buffers.countOut(entity.buffered.count)
            begin(name, in: shard, with: entity.buffered, at: now, &effects)
        case .remove(let name, _, let run):
            guard let entity = hosted.entities[shard][name], entity.state == .forgetting else { break }
            if entity.buffered.isEmpty {
                hosted.entities[shard][name] = nil
            } else {
                // A message arrived while the end was being written: the entity starts again.
                hosted.entities[shard][name]?.state = .remembering
                write(.add(entity: name, shard: shard, run: run), &effects)
            }
        }
        finishIfEmpty(shard, at: now, &effects)
        return effects
    }

    // MARK: Refusals

    /// The store could not perform the request, and has changed nothing.
    package mutating func onStoreFailed(_ request: StoreRequest, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        guard takeAnswer(request) else { return effects }
        let shard = request.shard
        guard hosted.shards[shard]?.isStopping == false else {
            // The next home tries for itself; an end that could not be written does not count.
            finishIfEmpty(shard, at: now, &effects)
            return effects
        }
        // After repeated refusals the messages that need the store are given up at once; the next message tries again.
        let isDegraded = storeRetries.failures >= settings.storeAttempts
        var asksAgain = true
        switch request {
        case .load: if isDegraded { giveUpHeld(shard, &effects) }
        case .add(let name, _, _):
            guard let entity = hosted.entities[shard][name], entity.state == .remembering else { return effects }
            if isDegraded {
                asksAgain = false
                hosted.entities[shard][name] = nil
                buffers.countOut(entity.buffered.count)
                for message in entity.buffered { lose(message, of: shard, .storeFailed, &effects) }
            }
        case .remove(let name, _, _):
            guard let entity = hosted.entities[shard][name], entity.state == .forgetting else { return effects }
            if !entity.buffered.isEmpty {
                // It is needed again. The store may have forgotten it all the same, or may do so later.
                asksAgain = false
                hosted.entities[shard][name]?.state = .remembering
                write(.add(entity: name, shard: shard, run: request.run), &effects)
            }
        }
        let retryAt = storeRetries.nextRound(after: now, settings)
        note(.storeFailed(request, retryAt: retryAt), &effects)
        if asksAgain {
            storeRetries.append(request, at: retryAt)
            wake(by: retryAt)
        }
        return effects
    }

    private mutating func storeAnswered(_ effects: inout Effects) {
        if storeRetries.recover() { note(.storeRecovered, &effects) }
    }

    mutating func retryStore(at now: Instant, _ effects: inout Effects) {
        guard !storeRetries.isEmpty else { return }
        for request in storeRetries.takeDue(at: now) where shard(request.shard)?.run == request.run {
            if case .load = request { effects.append(.store(request)) } else { write(request, &effects) }
        }
        for retryAt in storeRetries.times { wake(by: retryAt) }
    }

    /// Gives up the messages that wait for a shard whose remembered entities cannot be read.
    private mutating func giveUpHeld(_ shard: Int, _ effects: inout Effects) {
        guard let item = hosted.shards[shard] else { return }
        hosted.shards[shard]?.ahead = []
        hosted.shards[shard]?.held = []
        buffers.countOut(item.ahead.count + item.held.count)
        for message in item.ahead + buffers.takeAll(of: shard) + item.held {
            lose(message, of: shard, .storeFailed, &effects)
        }
    }
}

package import CastyCore

extension Region {
    /// The store has read these remembered entities of a shard.
    package mutating func onRemembered(_ names: [String], shard: Int, run: UInt64, at now: Instant) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        guard let item = self.shard(shard), item.run == run, item.isLoading else { return effects }
        storeAnswered(&effects)
        hosted[shard]?.isLoading = false
        guard !item.isStopping else {
            leaveHeld(shard)
            return effects
        }
        for name in names {
            let (name, number) = place(of: name)
            guard number == shard, entities[shard][name] == nil else { continue }
            entities[shard][name] = Entity(instance: 0, state: .remembered, startedAt: now)
            recovering.append(EntityKey(shard: shard, entity: name))
        }
        let count = entities[shard].count
        hosted[shard]?.remembered = count
        hosted[shard]?.dormant = count
        if count > 0 { note(.remembered(shard: shard, count: count), &effects) }
        deliverHeld(shard, at: now, &effects)
        recover(at: now, &effects)
        return effects
    }

    /// Starts the next batch of remembered entities: the rate is bounded, so that restarts do not overload the node.
    mutating func recover(at now: Instant, _ effects: inout Effects) {
        guard recovered < recovering.count, !hasPaused else { return }
        if nextRecovery <= now {
            var started = 0
            while started < max(1, settings.recoveryBatch), recovered < recovering.count {
                let key = recovering[recovered]
                recovered += 1
                guard entities[key.shard][key.entity]?.state == .remembered else { continue }
                begin(key.entity, in: key.shard, with: [], at: now, &effects)
                started += 1
            }
            nextRecovery = now + settings.recoveryPause
        }
        if recovered == recovering.count {
            recovering = []
            recovered = 0
        } else {
            wake(by: nextRecovery)
        }
    }

    // MARK: Writing

    mutating func write(_ request: StoreRequest, _ effects: inout Effects) {
        hosted[request.shard]?.writing += 1
        effects.append(.store(request))
    }

    /// Whether an answer belongs to the current run of its shard; if so, counts down the writes in flight.
    private mutating func takeAnswer(_ request: StoreRequest) -> Bool {
        guard let item = shard(request.shard), item.run == request.run else { return false }
        if case .load = request { return true }
        hosted[request.shard]?.writing -= 1
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
            guard let entity = entities[shard][name], entity.state == .remembering else { break }
            bufferedCount -= entity.kept.count
            begin(name, in: shard, with: entity.kept, at: now, &effects)
        case .remove(let name, _, let run):
            guard let entity = entities[shard][name], entity.state == .forgetting else { break }
            if entity.kept.isEmpty {
                entities[shard][name] = nil
            } else {
                // A message arrived while the end was being written: the entity starts again.
                entities[shard][name]?.state = .remembering
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
        guard hosted[shard]?.isStopping == false else {
            // The next home tries for itself; an end that could not be written does not count.
            finishIfEmpty(shard, at: now, &effects)
            return effects
        }
        // After repeated refusals the messages that need the store are given up at once; the next message tries again.
        let isDegraded = storeFailures >= settings.storeAttempts
        var asksAgain = true
        switch request {
        case .load: if isDegraded { giveUpHeld(shard, &effects) }
        case .add(let name, _, _):
            guard let entity = entities[shard][name], entity.state == .remembering else { return effects }
            if isDegraded {
                asksAgain = false
                entities[shard][name] = nil
                bufferedCount -= entity.kept.count
                for message in entity.kept { lose(message, of: shard, .store, &effects) }
            }
        case .remove(let name, _, _):
            guard let entity = entities[shard][name], entity.state == .forgetting else { return effects }
            if !entity.kept.isEmpty {
                // It is still remembered, and needed.
                asksAgain = false
                bufferedCount -= entity.kept.count
                begin(name, in: shard, with: entity.kept, at: now, &effects)
            }
        }
        let retryAt = nextStoreRetry(at: now)
        note(.storeFailed(request, retryAt: retryAt), &effects)
        if asksAgain {
            storeRetries.append(StoreRetry(request: request, at: retryAt))
            wake(by: retryAt)
        }
        return effects
    }

    /// Requests refused in the same round are retried together; the delay doubles with each round.
    private mutating func nextStoreRetry(at now: Instant) -> Instant {
        if let round = storeRetries.last, round.at > now { return round.at }
        storeFailures += 1
        let doubled = settings.storeRetry * (1 << min(storeFailures - 1, 20))
        return now + min(doubled, settings.storeRetryLimit)
    }

    private mutating func storeAnswered(_ effects: inout Effects) {
        if storeFailures > 0 { note(.storeRecovered, &effects) }
        storeFailures = 0
    }

    mutating func retryStore(at now: Instant, _ effects: inout Effects) {
        guard !storeRetries.isEmpty else { return }
        let due = storeRetries.filter { $0.at <= now }
        storeRetries.removeAll { $0.at <= now }
        for item in due where shard(item.request.shard)?.run == item.request.run {
            if case .load = item.request { effects.append(.store(item.request)) } else { write(item.request, &effects) }
        }
        for item in storeRetries { wake(by: item.at) }
    }

    /// Gives up the messages that wait for a shard whose remembered entities cannot be read.
    private mutating func giveUpHeld(_ shard: Int, _ effects: inout Effects) {
        guard let item = hosted[shard] else { return }
        let waiting = item.ahead + buffers[shard] + item.held
        hosted[shard]?.ahead = []
        hosted[shard]?.held = []
        buffers[shard] = []
        buffering.removeSorted(shard)
        bufferedCount -= waiting.count
        for message in waiting { lose(message, of: shard, .store, &effects) }
    }
}

package import CastyCore

extension Region {
    /// The time ``wakeAt`` has come.
    @specialized(where Payload == ErasedMessage)
    package mutating func onWakeup(at now: Instant) -> Effects {
        var effects: Effects = []
        wakeAt = nil
        checkLease(at: now, &effects)
        if !isShutDown { retry(at: now, &effects) }
        for shard in hostedShards { checkDeadlines(of: shard, at: now, &effects) }
        askForPaused(at: now, &effects)
        lookAtUnknown(at: now, &effects)
        let isDue = { (item: Restart, hosted: [Shard<Payload>?]) in
            item.at <= now && hosted[item.key.shard]?.isPaused != true
        }
        let due = restarts.filter { isDue($0, hosted) }
        restarts.removeAll { isDue($0, hosted) }
        for item in due { restart(item, at: now, &effects) }
        for item in restarts where item.at > now { wake(by: item.at) }
        retryStore(at: now, &effects)
        recover(at: now, &effects)
        passivateIdle(at: now, &effects)
        followCommands(at: now, &effects)
        if isFenced {
            if !isShutDown { wake(by: now + settings.retry) }
        } else if !hostedShards.isEmpty {
            wake(by: leaseValidUntil)
        }
        return effects
    }

    /// Resends what was not answered.
    private mutating func retry(at now: Instant, _ effects: inout Effects) {
        if let coordinator, !isRegistered, !isRefused, registration > 0 {
            if registeredAt + settings.retry <= now {
                sendRegistration(to: coordinator, at: now, &effects)
            } else {
                wake(by: registeredAt + settings.retry)
            }
        }
        if isLeaving { continueLeaving(at: now, &effects) }
        if buffering.contains(where: { homes[$0].target == nil }) {
            if askedAt + settings.retry <= now {
                askForHomes(at: now, &effects)
            } else {
                wake(by: askedAt + settings.retry)
            }
        }
        for shard in closings {
            guard let closing = homes[shard].closing, let stream = homes[shard].stream else { continue }
            if closing.since + settings.markerBound <= now {
                abandonStream(shard)
                flush(shard, at: now, &effects)
                continue
            }
            if closing.sentAt + settings.retry <= now {
                homes[shard].closing?.sentAt = now
                effects.append(
                    .send(to: stream, .peer(.streamEnd(shard: shard, token: closing.token, handoff: nil))))
            }
            wake(by: min(closing.since + settings.markerBound, (homes[shard].closing?.sentAt ?? now) + settings.retry))
        }
    }

    private mutating func checkDeadlines(of shard: Int, at now: Instant, _ effects: inout Effects) {
        if let item = hosted[shard], item.holdFor != nil {
            if item.holdDeadline <= now { releaseHold(shard, at: now, &effects) } else { wake(by: item.holdDeadline) }
        }
        switch hosted[shard]?.phase {
        case .running?, nil: break
        case .draining(_, _, let deadline)?:
            if deadline <= now { stop(shard, .afterMailbox, at: now, &effects) } else { wake(by: deadline) }
        case .stopping(let deadline, let isKilled)?:
            if deadline > now {
                wake(by: deadline)
            } else if isKilled, waitsForWrites(of: shard, until: deadline + settings.writeBound, at: now) {
                wake(by: min(now + settings.retry, deadline + settings.writeBound))
            } else if isKilled {
                finish(shard, isForced: true, at: now, &effects)
            } else {
                stop(shard, .now, at: now, &effects)
            }
        }
    }

    /// Whether a forced stop still waits for writes: a write in flight could come after the next home has read, whereas
    /// entities that do not end are harmless in that respect.
    private func waitsForWrites(of shard: Int, until end: Instant, at now: Instant) -> Bool {
        guard let item = hosted[shard], !settings.mutations.contains(.overtakesWrites) else { return false }
        return item.writing > 0 && now < end
    }

    mutating func passivateIdle(at now: Instant, _ effects: inout Effects) {
        guard let idle = settings.passivation.idle, !isFenced, !hasPaused else { return }
        while let (key, usedAt) = usage.oldest {
            guard usedAt + idle <= now else {
                wake(by: usedAt + idle)
                return
            }
            passivate(key.entity, in: key.shard, &effects)
        }
    }
}

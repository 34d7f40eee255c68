package import CastyCore

extension Region {
    /// The time ``wakeAt`` has come.
    @specialized(where Payload == ErasedMessage)
    package mutating func onWakeup(at now: Instant) -> Effects {
        var effects: Effects = []
        wakeAt = nil
        checkLease(at: now, &effects)
        if !isShutDown { retry(at: now, &effects) }
        for shard in hosted.numbers { checkDeadlines(of: shard, at: now, &effects) }
        askForPaused(at: now, &effects)
        lookAtUnknown(at: now, &effects)
        let isDue = { (item: Restart, hosted: HostedShards<Payload>) in
            item.at <= now && hosted.shards[item.key.shard]?.isPaused != true
        }
        let due = restarts.filter { isDue($0, hosted) }
        restarts.removeAll { isDue($0, hosted) }
        for item in due { restart(item, at: now, &effects) }
        for item in restarts where item.at > now { wake(by: item.at) }
        retryStore(at: now, &effects)
        recover(at: now, &effects)
        passivateIdle(at: now, &effects)
        followCommands(at: now, &effects)
        if lease.isLapsed {
            if !isShutDown { wake(by: now + settings.retry) }
        } else if !hosted.isEmpty {
            wake(by: lease.validUntil)
        }
        return effects
    }

    /// Resends what was not answered.
    private mutating func retry(at now: Instant, _ effects: inout Effects) {
        if let coordinator, coordination.awaitsAnswer {
            if coordination.sentAt + settings.retry <= now {
                sendRegistration(to: coordinator, at: now, &effects)
            } else {
                wake(by: coordination.sentAt + settings.retry)
            }
        }
        continueLeaving(at: now, &effects)
        if buffers.shards.contains(where: { homes[$0].target == nil }) {
            if homes.askedAt + settings.retry <= now {
                askForHomes(at: now, &effects)
            } else {
                wake(by: homes.askedAt + settings.retry)
            }
        }
        for shard in homes.closings {
            guard let stream = homes[shard].stream, let closing = stream.closing else { continue }
            if closing.since + settings.markerBound <= now {
                abandonStream(shard)
                flush(shard, at: now, &effects)
                continue
            }
            if closing.sentAt + settings.retry <= now {
                homes[shard].stream?.closing?.sentAt = now
                effects.append(
                    .send(to: stream.node, .peer(.streamEnd(shard: shard, token: closing.token, handoff: nil))))
            }
            wake(
                by: min(
                    closing.since + settings.markerBound, (homes[shard].stream?.closing?.sentAt ?? now) + settings.retry
                ))
        }
    }

    private mutating func checkDeadlines(of shard: Int, at now: Instant, _ effects: inout Effects) {
        if let hold = hosted.shards[shard]?.hold {
            if hold.deadline <= now { releaseHold(shard, at: now, &effects) } else { wake(by: hold.deadline) }
        }
        switch hosted.shards[shard]?.phase {
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
        guard let item = hosted.shards[shard], !settings.mutations.contains(.overtakesWrites) else { return false }
        return item.writing > 0 && now < end
    }

    mutating func passivateIdle(at now: Instant, _ effects: inout Effects) {
        guard let idle = settings.passivation.idle, !lease.isLapsed, !hosted.hasPaused else { return }
        while let (key, usedAt) = usage.oldest {
            guard usedAt + idle <= now else {
                wake(by: usedAt + idle)
                return
            }
            passivate(key.entity, in: key.shard, &effects)
        }
    }
}

import CastyCore

extension Singleton {
    /// Whether this node is the one that runs it, in its own view; others may not have stopped yet.
    var isHome: Bool { home == own && !isLeaving && !isShutDown }

    /// Whether it is and may act.
    func shallRun(at now: Instant) -> Bool { isHome && now < leaseValidUntil }

    /// Older members that are still there and have not handed over: on their way out, or down.
    ///
    /// The word of one that was declared down counts for nothing: it may not know, and start again.
    var awaited: [PlacementMember] {
        guard let ownNumber = view.member(own)?.upNumber else { return [] }
        return view.members.filter { member in
            member.node != own && member.hasRole(settings.role) && member.upNumber > 0 && member.upNumber < ownNumber
                && (member.status == .down || !released.containsSorted(member.node))
        }
    }

    /// Whether a removed member may still run it, until its lease has ended: only its own word, to this node, proves that it does not. A member
    /// that this node never saw, because it was removed before this one came, may have been the oldest.
    func mayStillRun(_ node: UniqueAddress, in old: PlacementView, ownNumber: Int) -> Bool {
        guard let member = old.member(node) else { return !settings.mutations.contains(.ignoresTombstones) }
        let isOlder = ownNumber == 0 || (member.upNumber > 0 && member.upNumber < ownNumber)
        guard isOlder, member.hasRole(settings.role) else { return false }
        if settings.mutations.contains(.trustsLeavers), member.status == .exiting { return false }
        return member.status == .down || !released.containsSorted(node)
    }

    /// What every event ends with: whatever has become possible is done, and the next wake-up is set.
    mutating func proceed(at now: Instant) -> Effects {
        var effects: Effects = []
        wakeAt = nil
        guard !isShutDown else { return effects }
        lookAtUnknown(at: now, &effects)
        switch phase {
        case .absent:
            if shallRun(at: now) {
                approach(at: now, &effects)
            } else {
                isWaiting = false
                if isHome { wake(by: now + settings.retry) }
            }
        case .running(let life):
            if now >= leaseValidUntil, !isPaused {
                isPaused = true
                effects.append(.note(.fenced))
                effects.append(.pause(life))
            }
            if !isHome {
                stop(life, isPaused ? .now : .afterMailbox, at: now, &effects)
            } else if now >= leaseValidUntil {
                wake(by: now + settings.retry)
            } else {
                if isPaused {
                    isPaused = false
                    effects.append(.note(.unfenced))
                    effects.append(.resume(life))
                }
                wake(by: leaseValidUntil)
            }
        case .stopping(let life, let deadline, let isKilled):
            // One whose lease lapses while it stops has no time left to handle what waits.
            if !isKilled, now >= leaseValidUntil || deadline <= now {
                stop(life, .now, at: now, &effects)
            } else if deadline <= now {
                phase = .absent
                effects.append(.note(.stopped(life, forced: true)))
                return effects + proceed(at: now)
            } else {
                wake(by: deadline)
                if !isKilled { wake(by: leaseValidUntil) }
            }
        }
        flush(at: now, &effects)
        guard phase == .absent else { return effects }
        if !isHome {
            var told = askers
            askers = []
            // Any of them may be the next to run it, and need not wait for the lease of this node then.
            if isLeaving, !hasLeft {
                for member in view.members where member.node != own && member.hasRole(settings.role) {
                    told.insertSorted(member.node)
                }
            }
            for node in told { effects.append(.send(to: node, .handedOver)) }
        }
        if isLeaving, !hasLeft {
            hasLeft = true
            effects.append(.left)
        }
        return effects
    }

    /// Starts it, if nobody else may run it; otherwise asks, and waits.
    private mutating func approach(at now: Instant, _ effects: inout Effects) {
        let awaited = awaited
        let hold = max(crashHold, restartAt)
        guard awaited.isEmpty, hold <= now else {
            if !isWaiting { effects.append(.note(.waiting(for: awaited.map(\.node), until: hold > now ? hold : nil))) }
            isWaiting = true
            if hold > now { wake(by: hold) }
            guard !awaited.isEmpty else { return }
            if askedAt.map({ $0 + settings.retry <= now }) ?? true {
                askedAt = now
                for member in awaited where member.status != .down {
                    effects.append(.send(to: member.node, .handOver))
                }
            }
            wake(by: (askedAt ?? now) + settings.retry)
            return
        }
        isWaiting = false
        askedAt = nil
        lives += 1
        startedAt = now
        phase = .running(lives)
        wake(by: leaseValidUntil)
        effects.append(.start(lives))
        effects.append(.note(.started(lives)))
    }

    private mutating func stop(_ life: UInt64, _ mode: StopMode, at now: Instant, _ effects: inout Effects) {
        let deadline = now + (mode == .now ? settings.killBound : settings.stopBound)
        phase = .stopping(life, deadline: deadline, isKilled: mode == .now)
        isPaused = false
        wake(by: deadline)
        if mode == .afterMailbox { wake(by: leaseValidUntil) }
        effects.append(.stop(life, mode))
    }

    mutating func wake(by instant: Instant) {
        if instant < .distantFuture { wakeAt = min(wakeAt ?? instant, instant) }
    }
}

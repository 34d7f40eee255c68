import CastyCore

extension Singleton {
    /// Whether this node should run it, in its own view; other nodes may not have stopped theirs yet.
    var isHome: Bool { home == own && lifecycle == .staying }

    /// Whether this node should run it and has a valid lease.
    func shallRun(at now: Instant) -> Bool { isHome && now < leaseValidUntil }

    /// Older members that are still in the cluster and have not handed over: leaving, exiting or down.
    ///
    /// A handover by a member that was declared down does not count: it may not know that it is down, and may start
    /// again.
    var awaited: [PlacementMember] {
        guard let ownNumber = view.member(own)?.upNumber else { return [] }
        return view.members.filter { member in
            member.node != own && member.hasRole(settings.role) && member.upNumber > 0 && member.upNumber < ownNumber
                && (member.status == .down || !released.sortedContains(member.node))
        }
    }

    /// Whether a removed member may still run it, until its lease has expired: only its own handover, to this node,
    /// proves that it does not. A member that this node never saw, because it was removed before this node joined, may
    /// have been the oldest.
    func mayStillRun(_ node: UniqueAddress, in old: PlacementView, ownNumber: Int) -> Bool {
        guard let member = old.member(node) else { return !settings.mutations.contains(.ignoresTombstones) }
        let isOlder = ownNumber == 0 || (member.upNumber > 0 && member.upNumber < ownNumber)
        guard isOlder, member.hasRole(settings.role) else { return false }
        if settings.mutations.contains(.trustsLeavers), member.status == .exiting { return false }
        return member.status == .down || !released.sortedContains(node)
    }

    /// Runs at the end of every event: does whatever has become possible, and sets the next wake-up.
    mutating func proceed(at now: Instant) -> Effects {
        var effects: Effects = []
        wakeAt = nil
        guard lifecycle != .shutDown else { return effects }
        lookAtUnknown(at: now, &effects)
        switch phase {
        case .absent:
            if shallRun(at: now) {
                approach(at: now, &effects)
            } else {
                isWaiting = false
                if isHome { wake(by: now + settings.retry) }
            }
        case .running(let incarnation, let isPaused): run(incarnation, isPaused: isPaused, at: now, &effects)
        case .stopping(let incarnation, let deadline, let isKilled):
            // If the lease lapses while it stops, no time is left to handle the waiting messages.
            if !isKilled, now >= leaseValidUntil || deadline <= now {
                stop(incarnation, .now, at: now, &effects)
            } else if deadline <= now {
                phase = .absent
                effects.append(.note(.stopped(incarnation, forced: true)))
                return effects + proceed(at: now)
            } else {
                wake(by: deadline)
                if !isKilled { wake(by: leaseValidUntil) }
            }
        }
        flush(at: now, &effects)
        if phase == .absent, !isHome { handOver(&effects) }
        return effects
    }

    /// It runs here: pauses and resumes it with the lease, and stops it where it belongs elsewhere.
    private mutating func run(_ incarnation: UInt64, isPaused: Bool, at now: Instant, _ effects: inout Effects) {
        let hasLapsed = now >= leaseValidUntil
        if hasLapsed, !isPaused {
            phase = .running(incarnation, isPaused: true)
            effects.append(.note(.fenced))
            effects.append(.pause(incarnation))
        }
        if !isHome {
            stop(incarnation, isPaused || hasLapsed ? .now : .afterMailbox, at: now, &effects)
        } else if hasLapsed {
            wake(by: now + settings.retry)
        } else {
            if isPaused {
                phase = .running(incarnation, isPaused: false)
                effects.append(.note(.unfenced))
                effects.append(.resume(incarnation))
            }
            wake(by: leaseValidUntil)
        }
    }

    /// It does not run here and belongs elsewhere: notifies those that wait for that.
    private mutating func handOver(_ effects: inout Effects) {
        var reported = askers
        askers = []
        // Any of them may run it next, and then need not wait for this node's lease to expire.
        if lifecycle == .leaving {
            for member in view.members where member.node != own && member.hasRole(settings.role) {
                reported.insertSorted(member.node)
            }
        }
        for node in reported { effects.append(.send(to: node, .handedOver)) }
        guard lifecycle == .leaving else { return }
        lifecycle = .left
        effects.append(.left)
    }

    /// Starts it if no other node may run it; otherwise asks older members to hand over, and waits.
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
        incarnations += 1
        startedAt = now
        phase = .running(incarnations, isPaused: false)
        wake(by: leaseValidUntil)
        effects.append(.start(incarnations))
        effects.append(.note(.started(incarnations)))
    }

    private mutating func stop(_ incarnation: UInt64, _ mode: StopMode, at now: Instant, _ effects: inout Effects) {
        let deadline = now + (mode == .now ? settings.killBound : settings.stopBound)
        phase = .stopping(incarnation, deadline: deadline, isKilled: mode == .now)
        wake(by: deadline)
        if mode == .afterMailbox { wake(by: leaseValidUntil) }
        effects.append(.stop(incarnation, mode))
    }

    mutating func wake(by instant: Instant) {
        if instant < .distantFuture { wakeAt = min(wakeAt ?? instant, instant) }
    }
}

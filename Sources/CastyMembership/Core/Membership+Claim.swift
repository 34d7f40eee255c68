package import CastyCore

/// The part of lease-majority: before a side may stay, its deciding node requests a lease outside the cluster.
extension Membership {
    /// The lease has answered.
    ///
    /// - Parameter isGranted: An error counts as `false`.
    package mutating func onLeaseAnswer(_ number: UInt64, isGranted: Bool, at now: Instant) -> [MembershipEffect] {
        let isAwaited = number == downing.lastClaim
        switch downing.claim {
        case .asked where isAwaited && phase == .member: settleClaim(isGranted: isGranted, at: now)
        case .held where isAwaited && phase == .member:
            if !isGranted { effects.append(.note(.leaseNotRenewed)) }
        case .asked where phase == .member, .held where phase == .member:
            // A later answer decides.
            break
        case .none, .waiting, .asked, .held:
            // Too late: the grant is no longer needed.
            if isGranted, number > downing.usedClaim { effects.append(.withdrawLease(owner: leaseOwner)) }
            if isGranted, number <= downing.usedClaim { effects.append(.releaseLease(owner: leaseOwner)) }
        }
        return finish(at: now)
    }

    private var leaseOwner: String { myself.description }

    /// Requests the lease, after the delay of the smaller side.
    mutating func claimLease(_ decision: DowningDecision, isLate: Bool, at now: Instant) {
        switch downing.claim {
        case .asked: return
        case .waiting(let until) where now < until:
            arm(.downing, at: until)
            return
        case .none where isLate && settings.leaseDelay > .zero:
            downing.claim = .waiting(until: now + settings.leaseDelay)
            arm(.downing, at: now + settings.leaseDelay)
            return
        case .none, .waiting, .held: break
        }
        guard let picture = downing.split?.picture else { return }
        downing.claim = .asked(picture, decision)
        ask(losers: decision.down, at: now)
        arm(.lease, at: now + settings.leaseTimeout)
    }

    private mutating func ask(losers: [UniqueAddress], at now: Instant) {
        // Members already down must not get it either.
        let lost = gossip.members.filter { $0.status == .down }.map(\.node)
        let claim = LeaseClaim(
            owner: leaseOwner, losers: losers.sortedUnion(lost).filter { $0 != myself }.map(\.description),
            duration: settings.leaseHold, memory: settings.tombstones)
        ask(claim)
    }

    private mutating func ask(_ claim: LeaseClaim) {
        downing.lastClaim &+= 1
        effects.append(.acquireLease(claim, number: downing.lastClaim))
    }

    /// No answer arrived in time, or it is time to renew.
    mutating func lookAtClaim(at now: Instant) {
        switch downing.claim {
        case .asked: settleClaim(isGranted: false, at: now)
        case .held(let claim):
            ask(claim)
            downing.usedClaim = downing.lastClaim
            arm(.lease, at: now + settings.leaseHold / 2)
        case .none, .waiting: break
        }
    }

    private mutating func settleClaim(isGranted: Bool, at now: Instant) {
        guard case .asked(let picture, let asked) = downing.claim else { return }
        cancel(.lease)
        downing.claim = .none
        let view = downingView(gossip)
        // The lease may have been granted all the same, without an answer here; withdrawing frees it for the others.
        if !isGranted { effects.append(.withdrawLease(owner: leaseOwner)) }
        // The claim must still match the decision wanted now, or all starts again. A node that was refused and has
        // meanwhile regained contact with the other side must not take part of that side down with itself.
        guard downing.split?.picture == picture, mayDecide, settings.strategy.decide(view) == asked else {
            if isGranted { effects.append(.withdrawLease(owner: leaseOwner)) }
            if let split = downing.split { arm(.downing, at: max(due(split), now + settings.heartbeat)) }
            return
        }
        if isGranted {
            let losers = asked.down.filter { $0 != myself }.map(\.description)
            downing.claim = .held(
                LeaseClaim(
                    owner: leaseOwner, losers: losers, duration: settings.leaseHold, memory: settings.tombstones))
            downing.usedClaim = downing.lastClaim
            arm(.lease, at: now + settings.leaseHold / 2)
        }
        carryOut(settings.strategy.decide(view, holdsLease: isGranted), at: now)
    }

    /// Releases the lease as soon as all on this side know the decision and the members declared down are removed: from
    /// then on any of them may need it for the next split.
    mutating func releaseLeaseIfDone() {
        guard case .held = downing.claim, phase == .member, isAgreed,
            !gossip.members.contains(where: { $0.status == .down })
        else { return }
        downing.claim = .none
        cancel(.lease)
        effects.append(.releaseLease(owner: leaseOwner))
    }
}

package import CastyCore

extension Membership {
    /// What keeps the cluster from acting on this version, as this node sees it.
    package var obstacles: [ConvergenceObstacle] {
        settings.mutations.contains(.leaderActsUnseen)
            ? [] : gossip.obstacles(seenBy: myself, leavers: convergence.leavers)
    }

    /// Whether the cluster may act on this version: it has no obstacles.
    package var isAgreed: Bool {
        settings.mutations.contains(.leaderActsUnseen) || gossip.isAgreed(seenBy: myself, leavers: convergence.leavers)
    }

    /// The leader, as this node sees it.
    package var leader: UniqueAddress? { phase == .member ? gossip.leader(seenBy: myself) : nil }

    mutating func lookAsLeader(at now: Instant) {
        arm(.leaderActions, at: now + settings.leaderActions)
        guard leader == myself, !isLate(at: now) else { return }
        if isAgreed {
            if mayLead(at: now) { performLeaderActions(at: now) }
        } else if removeOverdue(at: now) {
            return
        } else if settings.weaklyUpAfter > .zero, let since = convergence.divergedSince,
            now - since >= settings.weaklyUpAfter
        {
            let unreachable = gossip.unreachable
            let joiners = gossip.members.filter { $0.status == .joining && !unreachable.contains($0.node) }
            change(.leaderAction(version: gossip.number), at: now) { gossip, _ in
                for joiner in joiners { gossip.setStatus(.weaklyUp, of: joiner.node) }
            }
        }
    }

    /// Whether it is certain that the others have not gone on without this node; the leader acts only then.
    ///
    /// A leader that hung may have been removed meanwhile, with another leader since. Acting on its old view before it
    /// learns of that would do things twice; above all, it would assign up-numbers that other members have. So it acts
    /// only while its lease rests on acknowledgements of the others. A leader that is not up yet has no lease: every
    /// peer that it reaches must have answered within the duration of a lease.
    ///
    /// Records a refusal, so that the leader acts as soon as the lease is back.
    mutating func mayLead(at now: Instant) -> Bool {
        if settings.mutations.contains(.leadsWithoutLease) { return true }
        var isProven = leaseHeld(at: now)
        if let status = gossip.status(of: myself), status < .up {
            isProven = detection.monitors.allSatisfy { monitor in
                guard gossip.row(by: myself, of: monitor.peer) == nil,
                    let status = gossip.status(of: monitor.peer), status < .exiting
                else { return true }
                return monitor.provenAt.map { now < $0 + settings.entityLease } ?? false
            }
        }
        let may = isProven && !isLate(at: now)
        leadership.waitsForLease = !may
        return may
    }

    /// Whether this node has just noticed that it was late itself, or is about to.
    private func isLate(at now: Instant) -> Bool {
        if settings.mutations.contains(.leadsWithoutLease) { return false }
        guard let nextBeat = timers[.heartbeat] else { return true }
        return health.lastLate == now || now > nextBeat + settings.lateTolerance
    }

    /// The actions that the leader has to take, in order.
    package func pendingLeaderActions(at now: Instant) -> [LeaderAction] {
        var actions: [LeaderAction] = []
        let unreachable = gossip.unreachable
        let mayPromote = hasEnoughMembers
        for member in gossip.members {
            switch member.status {
            case .joining, .weaklyUp: if mayPromote { actions.append(.moveToUp(member.node)) }
            case .up: break
            case .leaving: actions.append(.moveToExiting(member.node))
            case .exiting, .down:
                let isGone = unreachable.sortedContains(member.node) || convergence.leavers.contains(member.node)
                if isGone, member.node != myself, !awaitsReports(about: member.node, at: now) {
                    actions.append(.remove(member.node))
                }
            }
        }
        return actions + dueTombstones(at: now).map { .forget($0) }
    }

    private var hasEnoughMembers: Bool {
        let coming = gossip.members.filter { $0.status <= .up }
        return coming.count >= settings.minMembers
            && settings.minMembersOfRole.allSatisfy { least in
                coming.count { $0.roles.contains(least.role) } >= least.count
            }
    }

    /// - Returns: Whether anything changed.
    @discardableResult
    mutating func performLeaderActions(at now: Instant) -> Bool {
        let actions = pendingLeaderActions(at: now)
        if actions.isEmpty { return false }
        perform(actions, .leaderAction(version: gossip.number), at: now)
        return true
    }

    /// Removes members that are done or dead although some members cannot agree, once the deadline for agreement has
    /// passed.
    ///
    /// It removes only what is certain: an exiting member that has itself confirmed that it is done; and, where a
    /// person decides about unreachable members, one that was declared down. All reachable members have seen this
    /// version. Where a strategy decides, leases rely on the rule that no node is removed before all members that stay
    /// know of it, and that strategy restores agreement.
    ///
    /// - Returns: Whether anything changed.
    private mutating func removeOverdue(at now: Instant) -> Bool {
        guard !settings.mutations.contains(.leavesForEver), let since = convergence.divergedSince,
            now - since >= settings.statusDeadline(members: gossip.members.count)
        else { return false }
        let unreachable = gossip.unreachable
        let isHeard = obstacles.allSatisfy { obstacle in
            switch obstacle {
            case .unreachable: true
            case .notSeen(let node): unreachable.sortedContains(node)
            }
        }
        guard isHeard else { return false }
        let actions = gossip.members.filter { member in
            guard member.node != myself else { return false }
            let hasConfirmed = convergence.leavers.sortedContains(member.node)
            switch member.status {
            case .exiting: return hasConfirmed
            case .down:
                return settings.strategy == .manual && (hasConfirmed || unreachable.sortedContains(member.node))
            case .joining, .weaklyUp, .up, .leaving: return false
            }
        }.map { LeaderAction.remove($0.node) }
        if actions.isEmpty { return false }
        perform(actions, .overdue(version: gossip.number), at: now)
        return true
    }

    private mutating func perform(_ actions: [LeaderAction], _ cause: EventCause, at now: Instant) {
        var removed: [UniqueAddress] = []
        let mutations = settings.mutations
        // Before the first of them is removed: members that go together are counted together.
        let silences = actions.map { action in
            if case .remove(let node) = action { silence(of: node, at: now) } else { Duration.zero }
        }
        change(cause, at: now) { gossip, _ in
            let version = gossip.version
            for (action, silence) in zip(actions, silences) {
                switch action {
                case .moveToUp(let node):
                    if mutations.contains(.reusesUpNumbers) {
                        gossip.highestUpNumber = gossip.members.compactMap(\.upNumber).max() ?? 0
                    }
                    gossip.setStatus(.up, of: node)
                case .moveToExiting(let node): gossip.setStatus(.exiting, of: node)
                case .remove(let node):
                    gossip.addTombstone(node, silence: silence)
                    removed.append(node)
                    if mutations.contains(.keepsGoneClocks) { gossip.version.merge(version) }
                case .forget(let node): gossip.forget(node)
                }
            }
        }
        // Removed members wait for this message; one that is cut off gets it when it comes back.
        for node in removed { effects.append(.send(.gone, to: node)) }
        if !removed.isEmpty, departure.areTasksDone {
            departure.sayGoodbye()
            arm(.exit, at: min(armed(.exit) ?? .distantFuture, now + settings.lastExit))
        }
    }
}

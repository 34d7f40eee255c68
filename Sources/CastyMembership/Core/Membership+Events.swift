import CastyCore

extension Membership {
    mutating func publish(
        _ kind: MembershipEvent.Kind, _ subject: UniqueAddress?, _ cause: EventCause, at now: Instant
    ) {
        effects.append(.publish(MembershipEvent(kind, subject: subject, at: now, cause: cause)))
    }

    /// Handles a new state that replaced an old one: publishes the changes, and acts on them.
    mutating func adopted(over old: Gossip, cause: EventCause, at now: Instant) {
        present.replace(by: gossip.contentDigest, cause: cause, at: now)
        if !convergence.leavers.isEmpty { convergence.leavers = convergence.leavers.filter(gossip.hasMember) }
        publishMembers(over: old, cause: cause, at: now)
        // A node that has been declared down stops now. That it takes back its reachability rows, or which leader it
        // would see, is no news about the cluster.
        if let status = gossip.status(of: myself), status != .down {
            publishReachability(over: old, cause: cause, at: now)
            let leader = gossip.leader(seenBy: myself)
            if leadership.follow(leader) { publish(.leaderChanged, leader, cause, at: now) }
        }
        syncTombstones(at: now)
        syncProofs(over: old, at: now)
        rememberCluster()
        syncUnknownPeers(over: old)
        syncSilences(at: now)
        noteVoters()
        syncMonitors(over: old, at: now)
        watchForSplit(at: now)
        lookAtMyself(at: now)
        refreshLease()
        lookForSeeds(at: now)
    }

    /// Stores the cluster and its members, without those exiting or down: these are no longer asked about the cluster.
    private mutating func rememberCluster() {
        guard phase == .member, let id = gossip.cluster else { return }
        let members = gossip.members.filter { $0.status < .exiting }.map(\.node.address)
        let remembered = RememberedCluster(
            id: id, members: members.sortedUniquely(by: { $0 }) { first, _ in first },
            highestUpNumber: max(gossip.highestUpNumber, join.remembered?.highestUpNumber ?? 0))
        guard remembered != join.remembered, remembered.members.contains(myself.address) else { return }
        join.remembered = remembered
        effects.append(.remember(remembered))
    }

    private mutating func publishMembers(over old: Gossip, cause: EventCause, at now: Instant) {
        for former in old.members where !gossip.hasMember(former.node) {
            let last = gossip.tombstones.first { $0.node == former.node }?.lastStatus ?? former.status
            for status in path(from: former.status, to: last, wasUp: former.upNumber != nil) {
                publish(former, as: status, cause, at: now)
            }
            publish(.memberRemoved(lastStatus: last), former.node, cause, at: now)
        }
        let isSnapshot = old.members.isEmpty
        for member in gossip.members {
            let former = old.member(member.node)?.status
            let steps =
                isSnapshot
                ? [member.status] : path(from: former, to: member.status, wasUp: member.upNumber != nil)
            for status in steps { publish(member, as: status, cause, at: now) }
        }
    }

    private mutating func publish(
        _ member: Member, as status: MemberStatus, _ cause: EventCause, at now: Instant
    ) {
        var reported = member
        reported.status = status
        if status < .up { reported.upNumber = nil }
        let kind = kind(status, member.upNumber)
        effects.append(.publish(MembershipEvent(kind, subject: member.node, member: reported, at: now, cause: cause)))
    }

    /// The steps between two statuses, also where gossip carried only the last one here.
    private func path(from former: MemberStatus?, to status: MemberStatus, wasUp: Bool) -> [MemberStatus] {
        guard former != status else { return [] }
        var steps: [MemberStatus] = former == nil ? [.joining] : []
        let last = former ?? .joining
        if status != .down {
            if wasUp, last < .up, status > .up { steps.append(.up) }
            if last < .leaving, status > .leaving { steps.append(.leaving) }
        }
        if status != .joining { steps.append(status) }
        return steps
    }

    private func kind(_ status: MemberStatus, _ upNumber: UInt32?) -> MembershipEvent.Kind {
        switch status {
        case .joining: .memberJoining
        case .weaklyUp: .memberWeaklyUp
        case .up: .memberUp(upNumber: upNumber ?? 0)
        case .leaving: .memberLeaving
        case .exiting: .memberExiting
        case .down: .memberDown
        }
    }

    private mutating func publishReachability(over old: Gossip, cause: EventCause, at now: Instant) {
        let (before, after) = (old.unreachable, gossip.unreachable)
        if before == after { return }
        for node in after where node != myself && !before.contains(node) {
            let observers = gossip.observers(of: node)
            let witness = observers.compactMap { gossip.row(by: $0, of: node)?.witness }.first
            publish(.memberUnreachable(observers: observers, witness: witness), node, cause, at: now)
        }
        for node in before where node != myself && !after.contains(node) && gossip.hasMember(node) {
            publish(.memberReachable, node, cause, at: now)
        }
    }

    /// Ends the handling of an input: acts on what has become possible, sends what has changed, and returns the
    /// effects.
    mutating func finish(at now: Instant) -> [MembershipEffect] {
        if phase == .member, present.isDirty || leadership.waitsForLease && mayLead(at: now) {
            present.isDirty = false
            leadership.waitsForLease = false
            noteConvergence(at: now)
            while settings.gossipAtOnce, pendingStop == nil, leader == myself, isAgreed, mayLead(at: now),
                performLeaderActions(at: now)
            {
                noteConvergence(at: now)
            }
            if settings.gossipAtOnce { push(at: now) }
            present.isDirty = false
        }
        releaseLeaseIfDone()
        if departure.areTasksDone, !departure.saysGoodbye, gossip.members.allSatisfy({ $0.node == myself }) {
            pendingStop = pendingStop ?? .left
        }
        if let reason = pendingStop { stop(reason) }
        defer { effects = [] }
        return effects
    }

    private mutating func noteConvergence(at now: Instant) {
        if pendingStop != nil { return }
        guard isAgreed else { return convergence.diverge(at: now) }
        if convergence.agree(on: present.digest) {
            publish(.converged(version: gossip.number), nil, present.cause, at: now)
        }
        spreadConvergence(at: now)
    }

    private mutating func stop(_ reason: StopReason) {
        if phase == .member, reason == .downed {
            // The members on this side must know, and the node that removes this one need not wait for its silence.
            for target in targets {
                if !settings.gossipAtOnce { effects.append(.send(.gossipEnvelope(gossip), to: target)) }
                effects.append(.send(.exitingConfirmed, to: target))
            }
        }
        phase = .stopped(reason)
        pendingStop = nil
        lease.validUntil = .start
        effects.append(.stop(reason))
    }
}

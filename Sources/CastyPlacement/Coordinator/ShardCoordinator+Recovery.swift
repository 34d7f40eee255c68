import CastyCore

extension ShardCoordinator {
    mutating func activate(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        starts += 1
        sequence = 0
        epoch = CoordinatorEpoch(upNumber: max(view.member(own)?.upNumber ?? 0, seenEpoch.upNumber), start: starts)
        if settings.mutations.contains(.reusesEpoch) { epoch = CoordinatorEpoch(upNumber: 1, start: 1) }
        phase = .recovering(probeAt: now + settings.recoveryProbe)
        regions = []
        gathered = [:]
        withoutRegion = []
        intents = Intents()
        // Remembered entities restart without a message, wherever they ran before: every shard is wanted.
        let isWanted = settings.remembersEntities
        let unknown = ShardState.unallocated(.init(holdUntil: crashHold, isWanted: isWanted))
        shards = Array(repeating: unknown, count: settings.shardCount)
        open = isWanted ? Array(shards.indices) : []
        leftovers = Array(repeating: nil, count: settings.shardCount)
        planned = []
        hadEnoughRegions = false
        reportedNodes = 0
        toldObstacle = nil
        nextBalanceCheck = now + settings.rebalanceInterval
        effects.append(.note(.started(epoch)))
        announce(at: now, &effects)
    }

    /// A region has obeyed a coordinator whose epoch is not below this one's, so it refuses this coordinator's orders.
    /// The coordinator restarts with an epoch above both.
    mutating func startAgain(above seen: CoordinatorEpoch, at now: Instant, _ effects: inout [CoordinatorEffect]) {
        // Up-numbers have 32 bits, and no coordinator restarts that often: a larger value is not the epoch of any
        // coordinator.
        guard seen >= epoch, seen.upNumber <= Int(UInt32.max), seen.start < Int(UInt32.max),
            !settings.mutations.contains(.ignoresSeenEpochs), !settings.mutations.contains(.reusesEpoch)
        else { return }
        seenEpoch = seen
        starts = max(starts, seen.start)
        deactivate(&effects)
        activate(at: now, &effects)
    }

    mutating func deactivate(_ effects: inout [CoordinatorEffect]) {
        phase = .inactive
        regions = []
        gathered = [:]
        shards = []
        open = []
        leftovers = []
        planned = []
        unconfirmed = []
        isBalanceUnknown = false
        effects.append(.note(.stopped(epoch)))
    }

    /// Asks every member that may have a region, and has not answered yet, to register.
    mutating func announce(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        announcedAt = now
        for member in view.members where isAwaited(member) { send(.announce, to: member.node, &effects) }
    }

    /// Whether the member may host shards that no region has reported.
    func isAwaited(_ member: PlacementMember) -> Bool {
        switch member.status {
        case .joining, .weaklyUp: false
        case .up, .leaving, .exiting, .down:
            member.hasRole(settings.role) && indexOfRegion(member.node) == nil
                && !withoutRegion.sortedContains(member.node) && !departed.sortedContains(member.node)
        }
    }

    /// Whether a removed member may run shards that this coordinator does not know of: only the member's own report, to
    /// this node, proves that it does not.
    func mayStillRun(_ node: UniqueAddress, in old: PlacementView) -> Bool {
        let member = old.member(node)
        if settings.mutations.contains(.trustsLeavers), member?.status == .exiting { return false }
        if settings.mutations.contains(.ignoresTombstones), member == nil { return false }
        if let member, !member.hasRole(settings.role) { return false }
        return !departed.sortedContains(node) && !withoutRegion.sortedContains(node)
    }

    /// Probes members that have been silent for long: they may have no region that could answer.
    mutating func probe(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard case .recovering(let probeAt) = phase, probeAt <= now else { return }
        phase = .recovering(probeAt: now + settings.recoveryProbe)
        for member in view.members where isAwaited(member) && member.isReachable {
            effects.append(.probe(member.node))
        }
    }

    mutating func finishRecovery(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard case .recovering = phase else { return }
        // However long a member is silent, it may run shards while its lease is valid. It registers, reports that it
        // has no region, or is removed; removal starts the margin.
        guard !view.members.contains(where: isAwaited) else { return }
        phase = .active
        effects.append(.note(.recovered(epoch, homes: startedHomes(in: shards.indices).count)))
        sendAllHomes(to: regions.map(\.node), &effects)
    }

    func startedHomes(in range: Range<Int>) -> [ShardHome] {
        range.compactMap { shard in
            guard case .started(let owner) = shards[shard] else { return nil }
            return ShardHome(shard: shard, node: owner.node, version: owner.version)
        }
    }

    /// A member is gone for good: its shards wait until its lease has expired.
    mutating func remove(
        _ node: UniqueAddress, in old: PlacementView, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        let isUnknown = mayStillRun(node, in: old)
        withoutRegion.removeSorted(node)
        gathered[node] = nil
        planned.removeAll { $0.to == node || $0.from == node }
        let holdUntil = holdEnd(of: node, at: now)
        if let index = indexOfRegion(node) {
            regions.remove(at: index)
        } else if isUnknown {
            for shard in shards.indices {
                guard case .unallocated(var waiting) = shards[shard], waiting.holdUntil < holdUntil else { continue }
                waiting.holdUntil = holdUntil
                set(shard, .unallocated(waiting))
            }
        }
        var orphans: [Int] = []
        for shard in shards.indices {
            if leftovers[shard] == node { leftovers[shard] = nil }
            if case .handingOff(var handoff) = shards[shard], handoff.owner.node != node {
                handoff.waiting.removeSorted(node)
                handoff.participants.removeSorted(node)
                if handoff.target == node { handoff.target = nil }
                set(shard, .handingOff(handoff))
                advance(shard, at: now, &effects)
            }
            guard shards[shard].owner?.node == node else { continue }
            if case .handingOff = shards[shard] {
                effects.append(.note(.handoffEnded(shard: shard, from: node, .ownerRemoved)))
            }
            orphans.append(shard)
            set(
                shard,
                .unallocated(.init(holdUntil: holdUntil, isWanted: true, reason: .ownerRemoved, from: node)))
        }
        if !orphans.isEmpty { effects.append(.note(.orphaned(shards: orphans, of: node, until: holdUntil))) }
        if intents.drains.sortedContains(node) {
            // The drain applies to no other incarnation, and the size of the intents is bounded.
            var changed = intents
            changed.drains.removeSorted(node)
            change(changed, at: now, &effects)
        }
    }
}

import CastyCore

extension ShardCoordinator {
    /// Handoffs that may be in flight at once.
    var handoffLimit: Int {
        let relative = Int(min(1, max(0, settings.relativeHandoffLimit)) * Double(settings.shardCount))
        return max(1, min(relative, settings.absoluteHandoffLimit))
    }

    var handoffsInFlight: Int {
        open.count { shard in
            if case .handingOff = shards[shard] { true } else { false }
        }
    }

    /// Step one: every region forgets the home and closes its stream to it.
    mutating func beginHandoff(
        of shard: Int, to target: UniqueAddress?, _ reason: MoveReason, at now: Instant,
        _ effects: inout [CoordinatorEffect]
    ) {
        guard case .started(let owner) = shards[shard] else { return }
        let id = nextVersion()
        set(
            shard,
            .handingOff(
                .init(
                    id: id, owner: owner, target: target, isStopping: false, waiting: regions.map(\.node),
                    startedAt: now, deadline: now + settings.closeBound, sentAt: now)))
        effects.append(.note(.handoffBegun(shard: shard, from: owner.node, to: target, reason)))
        broadcast(.beginHandOff(shard: shard, handoff: id, owner: owner.node), &effects)
    }

    mutating func close(
        _ shard: Int, _ id: ShardVersion, by node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        guard case .handingOff(var handoff)? = state(shard), handoff.id == id, !handoff.isStopping else { return }
        guard handoff.waiting.sortedContains(node) else { return }
        handoff.waiting.removeSorted(node)
        handoff.participants.insertSorted(node)
        shards[shard] = .handingOff(handoff)
        advance(shard, at: now, &effects)
    }

    /// Step two: once all streams are closed, or the deadline has passed, the owner stops the shard.
    mutating func advance(_ shard: Int, at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard case .handingOff(var handoff) = shards[shard], !handoff.isStopping,
            handoff.waiting.isEmpty || handoff.deadline <= now
        else { return }
        handoff.isStopping = true
        handoff.deadline = now + settings.handoffTimeout
        handoff.sentAt = now
        shards[shard] = .handingOff(handoff)
        sendHandOff(shard, handoff, &effects)
    }

    private func sendHandOff(_ shard: Int, _ handoff: ShardState.Handoff, _ effects: inout [CoordinatorEffect]) {
        send(
            .handOff(
                shard: shard, version: handoff.owner.version, handoff: handoff.id, participants: handoff.participants),
            to: handoff.owner.node, &effects)
    }

    /// Step three: the owner has stopped the shard, on request or on its own; the shard gets a new home.
    mutating func stopped(
        _ item: VersionedShard, by node: UniqueAddress, hasLeftover: Bool, at now: Instant,
        _ effects: inout [CoordinatorEffect]
    ) {
        guard let owner = state(item.shard)?.owner, owner.node == node, owner.version == item.version else { return }
        if hasLeftover { leftovers[item.shard] = node }
        var next = ShardState.Unallocated(holdUntil: now, isWanted: true, reason: .ownerStopped, from: node)
        if case .handingOff(let handoff) = shards[item.shard] {
            next.reason = .handoff
            next.target = handoff.target
            effects.append(.note(.handoffEnded(shard: item.shard, from: node, .done)))
        }
        set(item.shard, .unallocated(next))
    }

    mutating func resendHandoff(_ shard: Int, at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard case .handingOff(var handoff) = shards[shard] else { return }
        if handoff.deadline <= now {
            if handoff.isStopping, settings.mutations.contains(.neverEndsHandoff) {
                handoff.deadline = .distantFuture
                shards[shard] = .handingOff(handoff)
                return
            }
            if handoff.isStopping { giveUp(shard, handoff, &effects) } else { advance(shard, at: now, &effects) }
            return
        }
        guard handoff.sentAt + settings.retry <= now else { return }
        handoff.sentAt = now
        shards[shard] = .handingOff(handoff)
        if handoff.isStopping {
            sendHandOff(shard, handoff, &effects)
        } else {
            for node in handoff.waiting {
                send(
                    .beginHandOff(shard: shard, handoff: handoff.id, owner: handoff.owner.node), to: node, &effects)
            }
        }
    }

    /// The owner may still run the shard, so no other region can have it: it stays where it is. If the owner has
    /// stopped it after all, it reports that when it learns that it is the home.
    private mutating func giveUp(_ shard: Int, _ handoff: ShardState.Handoff, _ effects: inout [CoordinatorEffect]) {
        set(shard, .started(handoff.owner))
        effects.append(.note(.handoffEnded(shard: shard, from: handoff.owner.node, .timedOut)))
        let home = ShardHome(shard: shard, node: handoff.owner.node, version: handoff.owner.version)
        send([home], to: regions.map(\.node), &effects)
    }
}

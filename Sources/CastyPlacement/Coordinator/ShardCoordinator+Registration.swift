import CastyCore

extension ShardCoordinator {
    mutating func register(
        _ registration: Registration, from node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        guard let member = view.member(node), member.hasRole(settings.role) || !registration.accepts else { return }
        switch member.status {
        case .up, .leaving, .exiting: break
        case .weaklyUp: if registration.accepts { return }
        case .joining, .down: return
        }
        guard let registration = gather(registration, from: node) else { return }
        guard registration.shardCount == settings.shardCount else {
            // The region stays out, and the coordinator does not wait for it.
            withoutRegion.insertSorted(node)
            send(
                .registrationRefused(number: registration.number, shardCount: settings.shardCount), to: node, &effects)
            return
        }
        if registration.intents.version > intents.version {
            intents = sanitized(registration.intents)
            effects.append(.note(.intentsChanged(intents)))
        }
        var region = RegisteredRegion(
            node: node, accepts: registration.accepts, intentsKnown: registration.intents.version, intentsSentAt: now)
        if let index = indexOfRegion(node) {
            region.isLeaving = regions[index].isLeaving
            regions[index] = region
        } else {
            regions.insert(region, at: regions.lowerBound { $0.node < node })
        }
        withoutRegion.removeSorted(node)
        isBalanceUnknown = true
        var hosted = registration.hosted.filter { shards.indices.contains($0.shard) }
        if settings.mutations.contains(.forgetsReports) { hosted = [] }
        effects.append(.note(.registered(node, shards: hosted.count)))
        send(.registered(number: registration.number, intents: intents), to: node, &effects)
        forgetAbsent(from: hosted, of: node, at: now, &effects)
        for item in hosted { adopt(item, of: node, at: now, &effects) }
        for shard in registration.leftovers where shards.indices.contains(shard) { leftovers[shard] = node }
        for shard in registration.known {
            guard case .unallocated(var waiting)? = state(shard), !waiting.isWanted else { continue }
            waiting.isWanted = true
            set(shard, .unallocated(waiting))
        }
        if phase == .active { sendAllHomes(to: [node], &effects) }
    }

    /// Assembles the parts of a registration; `nil` while one is missing. They arrive in order; if one is lost, the
    /// region resends all.
    private mutating func gather(_ part: Registration, from node: UniqueAddress) -> Registration? {
        guard part.parts > 1 else {
            gathered[node] = nil
            return part
        }
        var whole = part
        if part.part > 0 {
            guard let earlier = gathered[node], earlier.number == part.number, earlier.part + 1 == part.part else {
                return nil
            }
            whole.hosted = earlier.hosted + part.hosted
            whole.leftovers = earlier.leftovers + part.leftovers
            whole.known = earlier.known + part.known
        }
        // A peer may send more entries than there are shards; the buffered part is bounded.
        let isSane =
            part.parts <= settings.shardCount
            && max(whole.hosted.count, whole.leftovers.count, whole.known.count) <= settings.shardCount
        let isLast = part.part == part.parts - 1
        gathered[node] = isLast || !isSane ? nil : whole
        return isLast && isSane ? whole : nil
    }

    /// A region has stopped every shard that it had started and no longer reports. A shard that it was only ordered to
    /// start, it may still start.
    private mutating func forgetAbsent(
        from hosted: [HostedShard], of node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        let reported = hosted.map(\.shard).sorted()
        for shard in shards.indices where shards[shard].owner?.node == node && !reported.sortedContains(shard) {
            switch shards[shard] {
            case .unallocated, .starting: break
            case .started, .handingOff:
                let version = shards[shard].owner?.version ?? .none
                stopped(
                    VersionedShard(shard: shard, version: version), by: node, hasLeftover: false, at: now, &effects)
            }
        }
    }

    /// A region reports a shard as its own.
    private mutating func adopt(
        _ item: HostedShard, of node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        let reported = ShardState.Ownership(node: node, version: item.version)
        guard let owner = shards[item.shard].owner else {
            take(reported, item, at: now)
            return
        }
        if owner.node == node {
            switch shards[item.shard] {
            case .unallocated, .handingOff: break
            case .starting, .started: if owner.version <= item.version { take(reported, item, at: now) }
            }
            return
        }
        // Two regions claim the shard: the later decision wins, and the other region stops the shard at once.
        let loser = owner.version < item.version ? owner : reported
        effects.append(.note(.conflict(shard: item.shard, loser: loser.node)))
        send(.discard(VersionedShard(shard: item.shard, version: loser.version)), to: loser.node, &effects)
        if owner.version < item.version { take(reported, item, at: now) }
    }

    private mutating func take(_ owner: ShardState.Ownership, _ item: HostedShard, at now: Instant) {
        guard item.isStopping else {
            set(item.shard, .started(owner))
            return
        }
        set(
            item.shard,
            .handingOff(
                .init(
                    id: .none, owner: owner, target: nil, isStopping: true, waiting: [], startedAt: now,
                    deadline: now + settings.handoffTimeout, sentAt: now)))
    }

    private func sanitized(_ reported: Intents) -> Intents {
        var result = Intents()
        result.version = reported.version
        result.isPaused = reported.isPaused
        for pin in reported.pins where shards.indices.contains(pin.shard) { result.pin(pin) }
        for node in reported.drains where !view.removed.sortedContains(node) { result.drains.insertSorted(node) }
        return result
    }
}

extension Intents {
    /// Pins the shard to the address; replaces an earlier pin of the shard.
    mutating func pin(_ pin: ShardPin) {
        let index = pins.lowerBound { $0.shard < pin.shard }
        if index < pins.count, pins[index].shard == pin.shard { pins[index] = pin } else { pins.insert(pin, at: index) }
    }

    func address(of shard: Int) -> NodeAddress? {
        let index = pins.lowerBound { $0.shard < shard }
        return index < pins.count && pins[index].shard == shard ? pins[index].address : nil
    }
}

import CastyCore

extension ShardCoordinator {
    /// Whether the region can be given a shard now.
    func takesShards(_ region: RegisteredRegion) -> Bool {
        !intents.drains.sortedContains(region.node) && couldTakeShards(region)
    }

    /// Whether the region could be given a shard if it were not drained.
    func couldTakeShards(_ region: RegisteredRegion) -> Bool {
        guard region.accepts, !region.isLeaving, let member = view.member(region.node) else { return false }
        return member.status == .up && member.isReachable && member.hasRole(settings.role)
    }

    /// The regions that can be given shards: drained ones only if there are no others.
    var hosts: [RegisteredRegion] {
        let willing = regions.filter(couldTakeShards)
        let undrained = willing.filter(takesShards)
        return undrained.isEmpty && !settings.mutations.contains(.forbidsDrained) ? willing : undrained
    }

    /// Why no shard can be placed now; `nil` if one can.
    var obstacle: PlacementObstacle? {
        if !hosts.isEmpty { return hadEnoughRegions || hosts.count >= settings.minimumRegions ? nil : .tooFewRegions }
        let able = view.members.filter {
            $0.status == .up && $0.hasRole(settings.role) && indexOfRegion($0.node) != nil
        }
        if able.isEmpty { return .noHost }
        return able.allSatisfy { !$0.isReachable } ? .allUnreachable : .allRefused
    }

    /// Why this coordinator gives no shard a home now, for a reason that may last; `nil` otherwise.
    var hindrance: HomelessCause? {
        switch phase {
        case .inactive: nil
        case .recovering: view.members.contains { isAwaited($0) && !$0.isReachable } ? .awaited : nil
        case .active: obstacle.map { HomelessCause($0) }
        }
    }

    /// Reports once which shards wait and why; resets the report when they no longer wait.
    private mutating func tellOfObstacle(_ ready: [Int], _ effects: inout [CoordinatorEffect]) {
        let cause = ready.isEmpty ? nil : obstacle.map { HomelessCause($0) }
        guard cause != toldObstacle else { return }
        toldObstacle = cause
        if let cause { effects.append(.note(.unplaced(shards: ready, cause))) }
    }

    /// The regions that can be given a shard, with the shards they have. A shard in handoff to a known target counts as
    /// the target's.
    func loads() -> [RegionLoad] {
        var result = hosts.map { RegionLoad(node: $0.node, shards: []) }
        guard !result.isEmpty else { return result }
        for shard in shards.indices {
            var node = shards[shard].owner?.node
            if case .handingOff(let handoff) = shards[shard], let target = handoff.target { node = target }
            guard let node else { continue }
            let index = result.lowerBound { $0.node < node }
            if index < result.count, result[index].node == node { result[index].shards.append(shard) }
        }
        return result
    }

    /// Gives a home to every wanted shard whose hold time has passed.
    mutating func allocate(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        let ready = open.filter { shard in
            guard case .unallocated(let waiting) = shards[shard] else { return false }
            return waiting.holdUntil <= now
        }
        guard !ready.isEmpty else { return }
        var loads = loads()
        hadEnoughRegions = hadEnoughRegions || loads.count >= settings.minimumRegions
        guard hadEnoughRegions, !loads.isEmpty else { return tellOfObstacle(ready, &effects) }
        tellOfObstacle([], &effects)
        var orders: [[HostOrder]] = Array(repeating: [], count: loads.count)
        for shard in ready {
            guard case .unallocated(let waiting) = shards[shard] else { continue }
            let home = home(of: shard, target: waiting.target, among: loads)
            guard let index = loads.firstIndex(where: { $0.node == home }) else { continue }
            loads[index].shards.append(shard)
            let version = nextVersion()
            let order = HostOrder(shard: shard, version: version, holdFor: leftovers[shard])
            orders[index].append(order)
            set(
                shard,
                .starting(
                    .init(
                        owner: .init(node: home, version: version), holdFor: order.holdFor, sentAt: now,
                        from: waiting.from)))
            effects.append(
                .note(.allocated(ShardHome(shard: shard, node: home, version: version), waiting.reason)))
        }
        for (index, list) in orders.enumerated() { send(list, to: loads[index].node, &effects) }
    }

    private func home(of shard: Int, target: UniqueAddress?, among loads: [RegionLoad]) -> UniqueAddress {
        if let address = intents.address(of: shard), let pinned = loads.last(where: { $0.node.address == address }) {
            return pinned.node
        }
        if let target, loads.contains(where: { $0.node == target }) { return target }
        return strategy.home(of: shard, among: loads)
    }

    /// Resends what was not answered, and ends what took too long.
    mutating func resend(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        if case .recovering = phase, announcedAt + settings.retry <= now { announce(at: now, &effects) }
        probe(at: now, &effects)
        var orders: [[HostOrder]] = Array(repeating: [], count: regions.count)
        for shard in open {
            switch shards[shard] {
            case .unallocated, .started: break
            case .starting(var starting):
                guard starting.sentAt + settings.retry <= now, let region = indexOfRegion(starting.owner.node) else {
                    continue
                }
                starting.sentAt = now
                shards[shard] = .starting(starting)
                orders[region].append(
                    HostOrder(shard: shard, version: starting.owner.version, holdFor: starting.holdFor))
            case .handingOff: resendHandoff(shard, at: now, &effects)
            }
        }
        for (index, list) in orders.enumerated() { send(list, to: regions[index].node, &effects) }
        for index in regions.indices
        where regions[index].intentsKnown < intents.version && regions[index].intentsSentAt + settings.retry <= now {
            regions[index].intentsSentAt = now
            send(.intents(intents), to: regions[index].node, &effects)
        }
    }
}

import CastyCore

extension ShardCoordinator {
    mutating func handle(
        _ request: CoordinatorRequest, from node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        switch request {
        case .register(let registration):
            register(registration, from: node, at: now, &effects)
            return
        case .notHosted:
            if view.member(node) != nil, indexOfRegion(node) == nil { withoutRegion.insertSorted(node) }
            return
        case .departed: return
        case .epochSeen(let seen):
            if view.member(node) != nil { startAgain(above: seen, at: now, &effects) }
            return
        case .homes, .started, .hostRefused, .handOffBegun, .stopped, .leave, .intentsKnown, .command: break
        }
        guard let region = indexOfRegion(node) else {
            // The region believes that it is registered, with this coordinator or with its predecessor.
            if view.member(node) != nil { send(.announce, to: node, &effects) }
            return
        }
        switch request {
        case .register, .notHosted, .departed, .epochSeen: break
        case .homes(let asked): answer(asked, to: node, at: now, &effects)
        case .started(let started): confirm(started, by: node, &effects)
        case .hostRefused(let refused):
            regions[region].accepts = false
            for item in refused {
                guard case .starting(let starting)? = state(item.shard), starting.owner.node == node,
                    starting.owner.version == item.version
                else { continue }
                set(
                    item.shard,
                    .unallocated(.init(holdUntil: now, isWanted: true, reason: .ownerRefused, from: starting.from)))
            }
        case .handOffBegun(let shard, let handoff): close(shard, handoff, by: node, at: now, &effects)
        case .stopped(let item, let hasLeftover):
            stopped(item, by: node, hasLeftover: hasLeftover, at: now, &effects)
        case .leave:
            regions[region].isLeaving = true
            regions[region].isReleased = false
        case .intentsKnown(let version): regions[region].intentsKnown = version
        case .command(let id, let command):
            answer(id, command, execute(command, at: now, &effects), to: node, &effects)
        }
    }

    func state(_ shard: Int) -> ShardState? { shards.indices.contains(shard) ? shards[shard] : nil }

    private mutating func answer(
        _ asked: [Int], to node: UniqueAddress, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) {
        var homes: [ShardHome] = []
        var homeless: [HomelessShard] = []
        let hindrance = hindrance
        for shard in asked {
            switch state(shard) {
            case .started(let owner)?:
                homes.append(ShardHome(shard: shard, node: owner.node, version: owner.version))
            case .unallocated(var waiting)?:
                waiting.isWanted = true
                set(shard, .unallocated(waiting))
                if let cause = waiting.holdUntil > now ? .held : hindrance {
                    homeless.append(HomelessShard(shard: shard, cause: cause))
                }
            case .starting?, .handingOff?, nil: break
            }
        }
        send(homes, to: [node], &effects)
        for page in ShardPages.slices(of: homeless, upTo: ShardPages.reported) {
            send(.homeless(page), to: node, &effects)
        }
    }

    private mutating func confirm(
        _ started: [VersionedShard], by node: UniqueAddress, _ effects: inout [CoordinatorEffect]
    ) {
        var homes: [ShardHome] = []
        for item in started {
            guard case .starting(let starting)? = state(item.shard), starting.owner.node == node,
                starting.owner.version == item.version
            else { continue }
            set(item.shard, .started(starting.owner))
            leftovers[item.shard] = nil
            homes.append(ShardHome(shard: item.shard, node: node, version: item.version))
            if let from = starting.from, from != node {
                effects.append(.note(.moved(shard: item.shard, from: from, to: node)))
            }
        }
        send(homes, to: regions.map(\.node), &effects)
    }
}

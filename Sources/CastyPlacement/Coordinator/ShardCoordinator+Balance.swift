import CastyCore

extension ShardCoordinator {
    /// Moves shards off leaving and drained regions, and releases leaving regions that have no shards.
    mutating func evacuate(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        var room = handoffLimit - handoffsInFlight
        for index in regions.indices {
            let region = regions[index]
            let status = view.member(region.node)?.status
            let leaves = region.isLeaving || status == .leaving || status == .exiting
            guard leaves || intents.drains.sortedContains(region.node) else { continue }
            let owned = shards.indices.filter { shards[$0].owner?.node == region.node }
            // A drained node keeps its shards if only drained nodes are left. A leaving node hands its shards to those.
            let hasTarget = leaves ? hosts.contains { $0.node != region.node } : regions.contains(where: takesShards)
            if room > 0, hasTarget {
                for shard in owned {
                    guard room > 0 else { break }
                    guard case .started = shards[shard] else { continue }
                    beginHandoff(of: shard, to: nil, leaves ? .leaving : .drain, at: now, &effects)
                    room -= 1
                }
            }
            if region.isLeaving, !region.isReleased, owned.isEmpty || !hasTarget {
                regions[index].isReleased = true
                send(.released, to: region.node, &effects)
            }
        }
    }

    /// No shard is moving and every member is up and reachable: only then does the coordinator move shards for balance
    /// alone.
    var isQuiet: Bool {
        open.isEmpty && planned.isEmpty && view.members.allSatisfy { $0.status == .up && $0.isReachable }
    }

    mutating func checkBalance(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard isBalanceUnknown, nextBalanceCheck <= now else { return }
        nextBalanceCheck = now + settings.rebalanceInterval
        guard isQuiet else { return }
        isBalanceUnknown = false
        reportIdleNodes(&effects)
        if !intents.isPaused { planRound(&effects) }
    }

    /// Reports that some nodes can host nothing, because the type has fewer shards than nodes host it: once, and again
    /// when there are twice as many.
    private mutating func reportIdleNodes(_ effects: inout [CoordinatorEffect]) {
        let nodes = regions.count { $0.accepts && !$0.isLeaving }
        if nodes <= settings.shardCount {
            reportedNodes = 0
        } else if reportedNodes == 0 || nodes >= reportedNodes * 2 {
            reportedNodes = nodes
            effects.append(.note(.tooFewShards(nodes: nodes)))
        }
    }

    /// Plans one round: first the pinned shards that are not at their address, then the moves of the strategy.
    @discardableResult
    mutating func planRound(_ effects: inout [CoordinatorEffect]) -> Int {
        var loads = loads()
        guard !loads.isEmpty else { return 0 }
        var moves: [ShardMove] = []
        for pin in intents.pins {
            guard case .started(let owner)? = state(pin.shard), owner.node.address != pin.address,
                let target = loads.lastIndex(where: { $0.node.address == pin.address })
            else { continue }
            moves.append(ShardMove(shard: pin.shard, from: owner.node, to: loads[target].node))
            loads[target].shards.insertSorted(pin.shard)
            if let source = loads.firstIndex(where: { $0.node == owner.node }) {
                loads[source].shards.removeSorted(pin.shard)
            }
        }
        var fixed = intents.pins.map(\.shard)
        for shard in open { fixed.insertSorted(shard) }
        planned = moves + strategy.round(over: loads, fixed: fixed)
        if settings.mutations.contains(.neverBalances) { planned = [] }
        if settings.mutations.contains(.movesAll) {
            planned = loads.indices.flatMap { index in
                loads[index].shards.map {
                    ShardMove(shard: $0, from: loads[index].node, to: loads[(index + 1) % loads.count].node)
                }
            }
        }
        if !planned.isEmpty { effects.append(.note(.roundPlanned(moves: planned.count))) }
        return planned.count
    }

    /// Begins as many moves of the round as the handoff limit allows.
    mutating func stepRound(at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard !planned.isEmpty else { return }
        var room = handoffLimit - handoffsInFlight
        while room > 0, let move = planned.first {
            planned.removeFirst()
            guard case .started(let owner)? = state(move.shard), owner.node == move.from,
                let region = indexOfRegion(move.to), takesShards(regions[region])
            else { continue }
            let isPinned = intents.address(of: move.shard) == move.to.address
            beginHandoff(of: move.shard, to: move.to, isPinned ? .pin : .rebalance, at: now, &effects)
            room -= 1
        }
    }
}

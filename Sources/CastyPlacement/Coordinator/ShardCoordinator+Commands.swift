import CastyCore

/// An answer that waits until the change that it confirms outlives this node.
struct UnconfirmedAnswer: Hashable, Sendable {
    let id: UInt64
    let answer: CommandAnswer
    /// The intents that another region has to know.
    let version: ShardVersion
}

extension OperatorCommand {
    /// Whether its effect outlives the coordinator.
    fileprivate var lasts: Bool {
        switch self {
        case .pin, .unpin, .drain, .undrain, .pause, .resume: true
        case .move, .rebalance: false
        }
    }
}

extension ShardCoordinator {
    /// Answers a command once its effect is no longer known to this node alone.
    ///
    /// Another node is sent the intents before the answer. This node may end at any moment together with its
    /// coordinator, so a command that came through it is answered once another region has confirmed the intents, or at
    /// once if there is no other region.
    mutating func answer(
        _ id: UInt64, _ command: OperatorCommand, _ answer: CommandAnswer, to node: UniqueAddress,
        _ effects: inout [CoordinatorEffect]
    ) {
        guard node == own, command.lasts, case .accepted = answer else {
            return send(.answer(id: id, answer), to: node, &effects)
        }
        unconfirmed.append(UnconfirmedAnswer(id: id, answer: answer, version: intents.version))
        confirmCommands(&effects)
    }

    /// Sends the answers whose intents another region now knows.
    mutating func confirmCommands(_ effects: inout [CoordinatorEffect]) {
        guard !unconfirmed.isEmpty else { return }
        let others = regions.filter { $0.node != own }
        let known = others.map(\.intentsKnown).max()
        for item in unconfirmed where known.map({ $0 >= item.version }) ?? true {
            send(.answer(id: item.id, item.answer), to: own, &effects)
        }
        unconfirmed.removeAll { item in known.map { $0 >= item.version } ?? true }
    }

    mutating func execute(
        _ command: OperatorCommand, at now: Instant, _ effects: inout [CoordinatorEffect]
    ) -> CommandAnswer {
        guard phase == .active, now < leaseValidUntil else { return .refused(.noCoordinator) }
        switch command {
        case .move(let shard, let address): return move(shard, to: address, .command, at: now, &effects)
        case .pin(let shard, let address):
            guard shards.indices.contains(shard) else { return .refused(.noSuchShard) }
            guard region(at: address) != nil else { return .refused(.noSuchNode) }
            var changed = intents
            changed.pin(ShardPin(shard: shard, address: address))
            guard changed.size <= ShardPages.intents else { return .refused(.tooManyIntents) }
            change(changed, at: now, &effects)
            // A failed move does not undo the pin: the next round tries again.
            if case .accepted(let moves) = move(shard, to: address, .pin, at: now, &effects) {
                return .accepted(moves: moves)
            }
            return .accepted(moves: 0)
        case .unpin(let shard):
            guard shards.indices.contains(shard) else { return .refused(.noSuchShard) }
            var changed = intents
            changed.pins.removeAll { $0.shard == shard }
            change(changed, at: now, &effects)
            return .accepted(moves: 0)
        case .drain(let address):
            guard let region = region(at: address) else { return .refused(.noSuchNode) }
            var changed = intents
            changed.drains.insertSorted(region.node)
            guard changed.size <= ShardPages.intents else { return .refused(.tooManyIntents) }
            change(changed, at: now, &effects)
            planned = []
            return .accepted(moves: shards.count { $0.owner?.node == region.node })
        case .undrain(let address):
            var changed = intents
            changed.drains.removeAll { $0.address == address }
            change(changed, at: now, &effects)
            return .accepted(moves: 0)
        case .rebalance: return .accepted(moves: planRound(&effects))
        case .pause, .resume:
            var changed = intents
            changed.isPaused = command == .pause
            if changed.isPaused { planned = [] }
            change(changed, at: now, &effects)
            return .accepted(moves: 0)
        }
    }

    /// The newest incarnation with a region at this address.
    private func region(at address: NodeAddress) -> RegisteredRegion? {
        regions.filter { $0.node.address == address }
            .max { (view.member($0.node)?.upNumber ?? 0) < (view.member($1.node)?.upNumber ?? 0) }
    }

    private mutating func move(
        _ shard: Int, to address: NodeAddress, _ reason: MoveReason, at now: Instant,
        _ effects: inout [CoordinatorEffect]
    ) -> CommandAnswer {
        guard let state = state(shard) else { return .refused(.noSuchShard) }
        guard let target = region(at: address) else { return .refused(.noSuchNode) }
        if case .started(let owner) = state, owner.node == target.node { return .accepted(moves: 0) }
        guard takesShards(target) else { return .refused(.nodeTakesNoShards) }
        switch state {
        case .started:
            planned.removeAll { $0.shard == shard }
            beginHandoff(of: shard, to: target.node, reason, at: now, &effects)
            return .accepted(moves: 1)
        case .unallocated(var waiting):
            waiting.target = target.node
            waiting.isWanted = true
            set(shard, .unallocated(waiting))
            return .accepted(moves: 1)
        case .starting, .handingOff: return .refused(.shardIsMoving)
        }
    }

    mutating func change(_ changed: Intents, at now: Instant, _ effects: inout [CoordinatorEffect]) {
        guard changed != intents else { return }
        intents = changed
        intents.version = nextVersion()
        isBalanceUnknown = true
        for index in regions.indices { regions[index].intentsSentAt = now }
        effects.append(.note(.intentsChanged(intents)))
        broadcast(.intents(intents), &effects)
    }
}

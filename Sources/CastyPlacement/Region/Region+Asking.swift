package import CastyCore

/// Questions whose entity has no home fail as soon as this region knows that, unless their askers wait for a home.
extension Region {
    /// Whether nothing is sent to the node at present, because this node considers it unreachable.
    func isSilent(_ node: UniqueAddress?) -> Bool {
        guard !view.silent.isEmpty, let node else { return false }
        return view.silent.sortedContains(node)
    }

    /// Why a question for a shard that cannot be reached now fails at once; `nil` if it waits, and for messages that
    /// are not questions.
    func refusal(of asks: AskPatience?, in shard: Int) -> Unavailability? {
        guard let asks, !settings.mutations.contains(.hidesFromAskers) else { return nil }
        if let target = homes[shard].target {
            return asks == .failFast && isSilent(target) ? .nodeUnreachable(target.address) : nil
        }
        if asks != .waitForNewNode, let unavailability { return unavailability }
        if settings.mutations.contains(.refusesHastily) { return .noHost }
        guard asks == .failFast, let coordinator else { return nil }
        if coordination.notHostedSince != nil { return .notHosted(by: coordinator.address) }
        return isSilent(coordinator) ? .coordinatorUnreachable(coordinator.address) : nil
    }

    /// Fails the waiting questions for which no home can come in time.
    mutating func refuseHopeless(_ effects: inout Effects) {
        for shard in buffers.shards { refuseHopeless(in: shard, &effects) }
    }

    mutating func refuseHopeless(in shard: Int, _ effects: inout Effects) {
        refuse(in: shard, &effects) { region, asks in region.refusal(of: asks, in: shard) }
    }

    /// The coordinator reports why these shards have no home.
    mutating func learn(_ homeless: [HomelessShard], _ effects: inout Effects) {
        for item in homeless where homes.indices.contains(item.shard) && homes[item.shard].target == nil {
            homes[item.shard].homeless = item.cause
            refuse(in: item.shard, &effects) { region, asks in
                guard !region.settings.mutations.contains(.hidesFromAskers) else { return nil }
                return item.cause.ends(asks) ? item.cause.unavailability : nil
            }
        }
    }

    private mutating func refuse(
        in shard: Int, _ effects: inout Effects, _ why: (Region, AskPatience) -> Unavailability?
    ) {
        guard buffers[shard].contains(where: { $0.asks != nil }) else { return }
        var left: [BufferedMessage<Payload>] = []
        for message in buffers[shard] {
            if let asks = message.asks, let cause = why(self, asks) {
                effects.append(.refused(message.payload, entity: message.entity, shard: shard, cause))
            } else {
                left.append(message)
            }
        }
        buffers.keep(left, of: shard)
    }

    /// The node that should coordinate the type does not run it, or has a different shard count: gives up the waiting
    /// message.
    func giveUp(_ message: BufferedMessage<Payload>, of shard: Int, _ effects: inout Effects) {
        guard message.asks != nil, let cause = notHosted, !settings.mutations.contains(.losesSilently) else {
            return lose(message, of: shard, .notHosted, &effects)
        }
        effects.append(.refused(message.payload, entity: message.entity, shard: shard, cause))
    }

    private var notHosted: Unavailability? {
        if let count = coordination.refusedCount { return .shardCountDiffers(cluster: count) }
        return coordinator.map { .notHosted(by: $0.address) }
    }

    /// After a change of the view: checks whether a member can host, or is about to.
    mutating func lookForHosts(since old: PlacementView, _ effects: inout Effects) {
        let before = unavailability
        unavailability = view.absence(role: settings.role)
        if unavailability != before {
            note(
                .unavailable(
                    unavailability, formerHosts: old.members.filter { $0.mayHost(role: settings.role) }.map(\.node)),
                &effects)
        }
        refuseHopeless(&effects)
    }

    /// Why shards of the type have no home at present, as far as this region knows; `nil` if nothing prevents it.
    package func trouble(at now: Instant) -> Unavailability? {
        if isNotHosted(at: now) { return notHosted }
        if let unavailability { return unavailability }
        if !coordination.isRegistered, isSilent(coordinator), let coordinator {
            return .coordinatorUnreachable(coordinator.address)
        }
        return nil
    }

    /// Why the coordinator could not give a shard a home when this region last asked.
    package func homelessCause(of shard: Int) -> HomelessCause? {
        homes.indices.contains(shard) && homes[shard].target == nil ? homes[shard].homeless : nil
    }
}

extension HomelessCause {
    /// Whether a question with this patience ends because of it.
    func ends(_ asks: AskPatience) -> Bool {
        switch asks {
        case .failFast: true
        case .waitForNewHome: self == .noHost
        case .waitForNewNode: false
        }
    }

    /// The cause as reported to askers.
    package var unavailability: Unavailability {
        switch self {
        case .held: .waitsForLease
        case .awaited: .coordinatorWaits
        case .noHost: .noHost
        case .allUnreachable: .allUnreachable
        case .allRefused: .allRefuse
        case .tooFewRegions: .tooFewNodes
        }
    }
}

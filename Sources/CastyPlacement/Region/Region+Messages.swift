package import CastyCore

extension Region {
    /// Handles an order of a coordinator or a message of another region. (Requests go to
    /// ``ShardCoordinator/onRequest(_:from:at:)``.)
    @specialized(where Payload == ErasedMessage)
    package mutating func onMessage(
        _ message: ShardingMessage<Payload>, from node: UniqueAddress, at now: Instant
    ) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        switch message {
        case .request: break
        case .order(let epoch, let order): obey(order, of: epoch, from: node, at: now, &effects)
        case .peer(let message):
            if isKnown(node) {
                receive(message, from: node, at: now, &effects)
            } else {
                keepUnknown(message, from: node, at: now, &effects)
            }
        }
        return effects
    }

    // MARK: Orders

    mutating func obey(
        _ order: CoordinatorOrder, of epoch: CoordinatorEpoch, from node: UniqueAddress, at now: Instant,
        _ effects: inout Effects
    ) {
        if case .notHosted = order { return notHosted(by: node, at: now, &effects) }
        // An answer to an operator is not an order: it counts whichever member coordinates by now.
        if case .answer(let id, let answer) = order, view.member(node) != nil {
            return answered(id, answer, at: now, &effects)
        }
        guard mayOrder(node, as: epoch) else {
            note(.refusedEpoch(epoch, from: node), &effects)
            return
        }
        guard coordination.isCurrent(epoch, of: node) else {
            note(.refusedEpoch(epoch, from: node), &effects)
            // It cannot know an epoch if every node that coordinated in it is gone: it restarts above that epoch.
            if node == view.oldest(role: settings.role) {
                effects.append(.send(to: node, .request(.epochSeen(self.epoch))))
            }
            return
        }
        guard !isShutDown else { return }
        if coordination.follow(epoch, of: node), !order.answers(coordination.registration) {
            register(at: now, &effects)
        }
        follow(order, of: node, at: now, &effects)
    }

    private mutating func follow(
        _ order: CoordinatorOrder, of node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        switch order {
        case .announce:
            if coordination.isRegistered { register(at: now, &effects) }
            if lifecycle == .left, !isProxy { request(.departed, &effects) }
        case .registered(let number, let intents): registered(number, intents, by: node, at: now, &effects)
        case .registrationRefused(let number, let count):
            guard coordination.refused(number, count: count) else { return }
            note(.shardCountMismatch(count), &effects)
            giveUpHomeless(&effects)
        case .homes(let homes, let range): learn(homes, allOf: range, at: now, &effects)
        case .host(let orders): host(orders, at: now, &effects)
        case .beginHandOff(let shard, let handoff, let owner):
            beginHandOff(shard, handoff, owner, at: now, &effects)
        case .handOff(let shard, let version, let handoff, let participants):
            handOff(
                VersionedShard(shard: shard, version: version), handoff, participants, at: now, &effects)
        case .discard(let item):
            guard let shard = shard(item.shard), shard.version <= item.version else { return }
            stop(item.shard, .now, at: now, &effects)
        case .intents(let intents):
            coordination.learn(intents)
            request(.intentsKnown(coordination.intents.version), &effects)
        case .released: released(at: now, &effects)
        case .homeless(let list): learn(list, &effects)
        case .answer, .notHosted: break
        }
    }

    /// Whether an order counts: it comes from the member that coordinates in this node's view.
    ///
    /// Any younger member has a higher up-number than the coordinator, and so a higher epoch: it could take all regions
    /// away. Where this node is merely late with the news that an older member is gone, it registers with the new
    /// coordinator as soon as it has them, and the orders that follow count.
    func mayOrder(_ node: UniqueAddress, as epoch: CoordinatorEpoch) -> Bool {
        if settings.mutations.contains(.obeysAnyone) { return true }
        guard let member = view.member(node), member.hasRole(settings.role), !isFormer(member) else { return false }
        if settings.mutations.contains(.obeysFormer), epoch.upNumber == member.upNumber { return true }
        return node == view.oldest(role: settings.role)
    }

    /// Whether the member is a former coordinator: in this node's view a younger member coordinates.
    ///
    /// This region has reported its shards to the younger member, or is about to. An order of the former coordinator
    /// that arrives after the report could start a shard that is in no report, and the shard would be given to another
    /// node.
    func isFormer(_ member: PlacementMember) -> Bool {
        if settings.mutations.contains(.obeysFormer) { return false }
        guard let oldest = view.oldest(role: settings.role).flatMap(view.member) else { return false }
        return member.upNumber < oldest.upNumber
    }

    /// No coordinator can assign a home for this region's messages. The type may be about to start there, so messages
    /// wait, but only for a bounded time.
    mutating func notHosted(by node: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        guard coordination.notHosted(by: node, at: now) else { return }
        continueLeaving(at: now, &effects)
        if isNotHosted(at: now) { giveUpHomeless(&effects) } else { refuseHopeless(&effects) }
    }

    /// Gives up the messages that wait for a home, because no coordinator will assign one.
    mutating func giveUpHomeless(_ effects: inout Effects) {
        for shard in buffers.shards where homes[shard].target == nil {
            for message in buffers.takeAll(of: shard) { giveUp(message, of: shard, &effects) }
            buffers.hasLeftover[shard] = false
        }
    }

    /// Whether the type has not been hosted there for ``PlacementSettings/notHostedBound``, or this region was refused.
    func isNotHosted(at now: Instant) -> Bool {
        coordination.isRefused || coordination.notHostedSince.map { $0 + settings.notHostedBound <= now } ?? false
    }

    func shard(_ number: Int) -> Shard<Payload>? { hosted.indices.contains(number) ? hosted.shards[number] : nil }

    mutating func registered(
        _ number: UInt64, _ intents: Intents, by node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard coordination.accepted(number) else { return }
        note(.registered(with: node, epoch), &effects)
        coordination.learn(intents)
        request(.intentsKnown(coordination.intents.version), &effects)
        askForHomes(at: now, &effects)
        continueLeaving(at: now, &effects)
        sendCommands(at: now, &effects)
    }

    mutating func learn(
        _ list: [ShardHome], allOf range: Range<Int>, at now: Instant, _ effects: inout Effects
    ) {
        for home in list { learn(home, at: now, &effects) }
        let range = range.clamped(to: homes.indices)
        guard !range.isEmpty else { return }
        let named = list.map(\.shard).sorted()
        for shard in range
        where homes[shard].target != nil && hosted.shards[shard] == nil && !named.sortedContains(shard) {
            homes[shard].target = nil
            closeStream(shard, handoff: nil, at: now, &effects)
        }
        if range.upperBound == homes.count { askForHomes(at: now, &effects) }
    }

    mutating func host(_ orders: [HostOrder], at now: Instant, _ effects: inout Effects) {
        var started: [VersionedShard] = []
        var refused: [VersionedShard] = []
        for order in orders where hosted.indices.contains(order.shard) {
            let item = VersionedShard(shard: order.shard, version: order.version)
            if let running = hosted.shards[order.shard] {
                // A shard that is stopping here is first reported as stopped; the coordinator resends the order.
                if running.isStopping || order.version < running.version { continue }
                if order.version > running.version { homes.closeRoute(order.shard) }
                hosted.shards[order.shard]?.version = order.version
                started.append(item)
                resume(order.shard, as: order.version, at: now, &effects)
            } else if !accepts {
                // The order may arrive twice; by the second time the shard may belong to another region.
                homes[order.shard].ended = max(homes[order.shard].ended, order.version)
                refused.append(item)
            } else if order.version <= homes[order.shard].ended {
                request(.stopped(item, hasLeftover: buffers.hasLeftover[order.shard]), &effects)
            } else if order.version >= homes[order.shard].version {
                start(order, at: now, &effects)
                started.append(item)
            }
        }
        if !started.isEmpty { request(.started(started), &effects) }
        if !refused.isEmpty { request(.hostRefused(refused), &effects) }
    }

    mutating func beginHandOff(
        _ shard: Int, _ handoff: ShardVersion, _ owner: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard homes.indices.contains(shard), handoff > homes[shard].version else { return }
        homes[shard].target = nil
        if owner == own {
            hosted.shards[shard]?.markers.insert(own, for: handoff)
        } else if homes[shard].stream?.node == owner {
            closeStream(shard, handoff: handoff, at: now, &effects)
        } else {
            let token = homes.nextToken()
            effects.append(.send(to: owner, .peer(.streamEnd(shard: shard, token: token, handoff: handoff))))
        }
        request(.handOffBegun(shard: shard, handoff: handoff), &effects)
    }

    mutating func handOff(
        _ item: VersionedShard, _ handoff: ShardVersion, _ participants: [UniqueAddress], at now: Instant,
        _ effects: inout Effects
    ) {
        guard homes.indices.contains(item.shard) else { return }
        guard let running = hosted.shards[item.shard], running.version <= item.version else {
            if hosted.shards[item.shard] == nil {
                request(.stopped(item, hasLeftover: buffers.hasLeftover[item.shard]), &effects)
            }
            return
        }
        if settings.mutations.contains(.neverEndsHandoff) { return }
        guard case .running = running.phase else { return }
        if settings.mutations.contains(.acknowledgesEarly) { request(.stopped(item, hasLeftover: false), &effects) }
        homes[item.shard].target = nil
        let waits = !settings.mutations.contains(.skipsMarkers)
        let others = participants.filter { waits && view.member($0) != nil }.sorted()
        let deadline = now + settings.markerBound
        hosted.shards[item.shard]?.phase = .draining(handoff: handoff, participants: others, deadline: deadline)
        wake(by: deadline)
        stopIfDrained(item.shard, at: now, &effects)
    }
}

extension CoordinatorOrder {
    /// Whether the order answers this registration.
    func answers(_ registration: UInt64) -> Bool {
        switch self {
        case .registered(registration, _), .registrationRefused(registration, _): true
        case .registered, .registrationRefused, .announce, .homes, .host, .beginHandOff, .handOff, .discard, .intents,
            .released, .answer, .homeless, .notHosted:
            false
        }
    }
}

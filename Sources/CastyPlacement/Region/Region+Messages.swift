package import CastyCore

extension Region {
    /// An order of a coordinator, or a message of another region. (Requests go to ``ShardCoordinator/onRequest(_:from:at:)``.)
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

    private mutating func obey(
        _ order: CoordinatorOrder, of epoch: CoordinatorEpoch, from node: UniqueAddress, at now: Instant,
        _ effects: inout Effects
    ) {
        if case .notHosted = order { return notHosted(by: node, at: now, &effects) }
        // What an operator waits for is no order: it counts whoever coordinates by now.
        if case .answer(let id, let answer) = order, view.member(node) != nil {
            return answered(id, answer, at: now, &effects)
        }
        guard mayOrder(node, as: epoch) else {
            note(.refusedEpoch(epoch, from: node), &effects)
            return
        }
        guard epoch > self.epoch || (epoch == self.epoch && epochOwner ?? node == node) else {
            note(.refusedEpoch(epoch, from: node), &effects)
            // It cannot know of an epoch that all who coordinated in it have taken with them: it starts again above it.
            if node == view.oldest(role: settings.role) {
                effects.append(.send(to: node, .request(.epochSeen(self.epoch))))
            }
            return
        }
        guard !isShutDown else { return }
        if epochOwner == nil { epochOwner = node }
        if epoch > self.epoch {
            self.epoch = epoch
            epochOwner = node
            coordinator = node
            isRegistered = false
            refusedCount = nil
            repeatCommands()
            if !order.answers(registration) { register(at: now, &effects) }
        }
        switch order {
        case .announce:
            if isRegistered { register(at: now, &effects) }
            if hasLeft, !isProxy { request(.departed, &effects) }
        case .registered(let number, let intents): registered(number, intents, by: node, at: now, &effects)
        case .registrationRefused(let number, let count):
            guard number == registration, !isRegistered, !isRefused else { return }
            refusedCount = count
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
            if intents.version > self.intents.version { self.intents = intents }
            request(.intentsKnown(self.intents.version), &effects)
        case .released: released(at: now, &effects)
        case .homeless(let list): learn(list, &effects)
        case .answer, .notHosted: break
        }
    }

    /// Whether an order counts: it comes from a member that may coordinate, in the epoch of its own up-number. One that has raised its epoch, because
    /// a higher one was seen, must be the coordinator in this node's view too.
    private func mayOrder(_ node: UniqueAddress, as epoch: CoordinatorEpoch) -> Bool {
        if settings.mutations.contains(.obeysAnyone) { return true }
        guard let member = view.member(node), member.hasRole(settings.role), !isFormer(member) else { return false }
        return epoch.upNumber == member.upNumber || node == view.oldest(role: settings.role)
    }

    /// Whether a member has been the coordinator and, in this node's view, a younger one is.
    ///
    /// This region has told the younger one which shards it runs, or is about to: what it began on an order of the former one that comes after
    /// the report would be in no report, and the shard would be given to another node.
    private func isFormer(_ member: PlacementMember) -> Bool {
        if settings.mutations.contains(.obeysFormer) { return false }
        guard let oldest = view.oldest(role: settings.role).flatMap(view.member) else { return false }
        return member.upNumber < oldest.upNumber
    }

    /// Nobody can give this region a home for its messages. The type may be about to start there; but nothing waits for ever.
    private mutating func notHosted(by node: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        guard node == coordinator, !isRegistered else { return }
        notHostedSince = notHostedSince ?? now
        if isLeaving { continueLeaving(at: now, &effects) }
        if isNotHosted(at: now) { giveUpHomeless(&effects) } else { refuseHopeless(&effects) }
    }

    /// Nobody will give a home to what waits for one.
    private mutating func giveUpHomeless(_ effects: inout Effects) {
        for shard in buffering where homes[shard].target == nil {
            for message in buffers[shard] { giveUp(message, of: shard, &effects) }
            keptCount -= buffers[shard].count
            buffers[shard] = []
            hasLeftover[shard] = false
            buffering.removeSorted(shard)
        }
    }

    /// Whether it has been so for as long as is waited for, or will be.
    func isNotHosted(at now: Instant) -> Bool {
        isRefused || notHostedSince.map { $0 + settings.notHostedBound <= now } ?? false
    }

    func shard(_ number: Int) -> Shard<Payload>? { hosted.indices.contains(number) ? hosted[number] : nil }

    private mutating func registered(
        _ number: UInt64, _ intents: Intents, by node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard number == registration, !isRegistered else { return }
        isRegistered = true
        refusedCount = nil
        notHostedSince = nil
        note(.registered(with: node, epoch), &effects)
        if intents.version > self.intents.version { self.intents = intents }
        request(.intentsKnown(self.intents.version), &effects)
        askForHomes(at: now, &effects)
        if isLeaving { continueLeaving(at: now, &effects) }
        sendCommands(at: now, &effects)
    }

    private mutating func learn(
        _ list: [ShardHome], allOf range: Range<Int>, at now: Instant, _ effects: inout Effects
    ) {
        for home in list { learn(home, at: now, &effects) }
        let range = range.clamped(to: homes.indices)
        guard !range.isEmpty else { return }
        let named = list.map(\.shard).sorted()
        for shard in range
        where homes[shard].target != nil && hosted[shard] == nil && !named.containsSorted(shard) {
            homes[shard].target = nil
            closeStream(shard, handoff: nil, at: now, &effects)
        }
        if range.upperBound == homes.count { askForHomes(at: now, &effects) }
    }

    private mutating func host(_ orders: [HostOrder], at now: Instant, _ effects: inout Effects) {
        var started: [VersionedShard] = []
        var refused: [VersionedShard] = []
        for order in orders where hosted.indices.contains(order.shard) {
            let item = VersionedShard(shard: order.shard, version: order.version)
            if let running = hosted[order.shard] {
                // One that is stopping here is reported as stopped first; the order is said again.
                if running.isStopping || order.version < running.version { continue }
                hosted[order.shard]?.version = order.version
                started.append(item)
                resume(order.shard, as: order.version, at: now, &effects)
            } else if !accepts {
                // The order may have been said twice; by the time the second comes, the shard may be another's.
                homes[order.shard].ended = max(homes[order.shard].ended, order.version)
                refused.append(item)
            } else if order.version <= homes[order.shard].ended {
                request(.stopped(item, hasLeftover: hasLeftover[order.shard]), &effects)
            } else if order.version >= homes[order.shard].version {
                start(order, at: now, &effects)
                started.append(item)
            }
        }
        if !started.isEmpty { request(.started(started), &effects) }
        if !refused.isEmpty { request(.hostRefused(refused), &effects) }
    }

    private mutating func beginHandOff(
        _ shard: Int, _ handoff: ShardVersion, _ owner: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        guard homes.indices.contains(shard), handoff > homes[shard].version else { return }
        homes[shard].target = nil
        if owner == own {
            hosted[shard]?.mark(own, for: handoff)
        } else if homes[shard].stream == owner {
            closeStream(shard, handoff: handoff, at: now, &effects)
        } else {
            tokens += 1
            effects.append(.send(to: owner, .peer(.streamEnd(shard: shard, token: tokens, handoff: handoff))))
        }
        request(.handOffBegun(shard: shard, handoff: handoff), &effects)
    }

    private mutating func handOff(
        _ item: VersionedShard, _ handoff: ShardVersion, _ participants: [UniqueAddress], at now: Instant,
        _ effects: inout Effects
    ) {
        guard homes.indices.contains(item.shard) else { return }
        guard let running = hosted[item.shard], running.version <= item.version else {
            if hosted[item.shard] == nil { request(.stopped(item, hasLeftover: hasLeftover[item.shard]), &effects) }
            return
        }
        if settings.mutations.contains(.neverEndsHandoff) { return }
        guard case .running = running.phase else { return }
        if settings.mutations.contains(.acknowledgesEarly) { request(.stopped(item, hasLeftover: false), &effects) }
        homes[item.shard].target = nil
        let waits = !settings.mutations.contains(.skipsMarkers)
        let others = participants.filter { waits && view.member($0) != nil }.sorted()
        let deadline = now + settings.markerBound
        hosted[item.shard]?.phase = .draining(handoff: handoff, participants: others, deadline: deadline)
        wake(by: deadline)
        stopIfDrained(item.shard, at: now, &effects)
    }

    // MARK: Peers

    mutating func receive(
        _ message: PeerMessage<Payload>, from node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        switch message {
        case .deliver(let delivery): take(delivery, from: node, at: now, &effects)
        case .notHome(let delivery, let known): takeBack(delivery, from: node, known, at: now, &effects)
        case .streamEnd(let shard, let token, let handoff):
            guard homes.indices.contains(shard) else { return }
            effects.append(.send(to: node, .peer(.streamClosed(shard: shard, token: token))))
            guard let handoff else { return }
            hosted[shard]?.mark(node, for: handoff)
            stopIfDrained(shard, at: now, &effects)
        case .streamClosed(let shard, let token):
            guard homes.indices.contains(shard), homes[shard].stream == node, homes[shard].closing?.token == token
            else { return }
            endStream(shard)
            flush(shard, at: now, &effects)
        case .transferred(let shard):
            if self.shard(shard)?.holdFor == node { releaseHold(shard, at: now, &effects) }
        case .passivate(let entity):
            let (entity, shard) = place(of: entity)
            passivate(entity, in: shard, &effects)
        }
    }

    private mutating func take(
        _ delivery: ShardDelivery<Payload>, from node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        let number = delivery.shard
        let (entity, ownNumber) = place(of: delivery.entity)
        let message = BufferedMessage(
            entity: entity, payload: delivery.payload, sequence: 0, since: now, isRetry: delivery.isRetry,
            asks: delivery.asks)
        guard !isShutDown else {
            lose(message, of: number, .shutdown, &effects)
            return
        }
        guard !removed.contains(node) else {
            lose(message, of: number, .late, &effects)
            return
        }
        // The entity's name decides, not the number that the sender computed.
        guard number == ownNumber, isMine(delivery) else {
            effects.append(.send(to: node, .peer(.notHome(delivery, known: knownHome(of: number, besides: node)))))
            return
        }
        if delivery.sequence == 0, hosted[number]?.holdFor != node, hosted[number]?.isStopping == false {
            // What an old home had left comes first or not at all.
            lose(message, of: number, .late, &effects)
        } else if hosted[number]?.isHolding == true {
            guard keep(message, of: number, &effects) else { return }
            if hosted[number]?.holdFor == node {
                hosted[number]?.ahead.append(message)
            } else {
                hosted[number]?.held.append(message)
            }
        } else if hosted[number]?.isStopping == true {
            keepForNewHome(message, of: number, &effects)
        } else {
            deliver(message, in: number, at: now, &effects)
        }
    }

    /// Whether the delivery is for a shard that runs here, and for this run of it.
    ///
    /// One that was sent for an earlier run may follow others that were sent back, and must not overtake them. A shard that is paused or
    /// stopping takes what comes even without a lease: it waits here, or goes to the new home.
    private func isMine(_ delivery: ShardDelivery<Payload>) -> Bool {
        if settings.mutations.contains(.sendsInCircles) { return false }
        guard let version = hosted[delivery.shard]?.version else { return false }
        return delivery.version >= version
    }

    /// Whether later messages than the one that comes back may have been handled already.
    private func isLate(_ delivery: ShardDelivery<Payload>, from node: UniqueAddress) -> Bool {
        if removed.contains(node) { return true }
        guard let abandoned = homes[delivery.shard].abandoned else { return false }
        return delivery.version <= abandoned.version && delivery.sequence <= abandoned.sequence
    }

    private func knownHome(of shard: Int, besides node: UniqueAddress) -> ShardHome? {
        guard homes.indices.contains(shard), let target = homes[shard].target, target != node else { return nil }
        return ShardHome(shard: shard, node: target, version: homes[shard].version)
    }

    /// A delivery came back unhandled: it goes to the right home, once, ahead of what was sent after it.
    private mutating func takeBack(
        _ delivery: ShardDelivery<Payload>, from node: UniqueAddress, _ known: ShardHome?, at now: Instant,
        _ effects: inout Effects
    ) {
        let shard = delivery.shard
        guard homes.indices.contains(shard) else { return }
        let message = BufferedMessage(
            entity: place(of: delivery.entity).entity, payload: delivery.payload, sequence: delivery.sequence,
            since: now, isRetry: true, asks: delivery.asks)
        let isRetry = delivery.isRetry && !settings.mutations.contains(.sendsInCircles)
        if isShutDown || isRetry || isLate(delivery, from: node) {
            lose(message, of: shard, isShutDown ? .shutdown : isRetry ? .wrongHome : .late, &effects)
        } else if keep(message, of: shard, &effects) {
            let sorts = !settings.mutations.contains(.appendsReturned)
            let index = buffers[shard].lowerBound { !sorts || $0.sequence <= message.sequence }
            buffers[shard].insert(message, at: index)
            buffering.insertSorted(shard)
            if message.sequence == 0 { hasLeftover[shard] = true }
            if message.asks != nil { effects.append(.cameBack(message.payload)) }
        }
        if homes[shard].target == node, homes[shard].version <= delivery.version { homes[shard].target = nil }
        if homes[shard].stream == node { closeStream(shard, handoff: nil, at: now, &effects) }
        if let known, known.shard == shard, known.version > homes[shard].version {
            learn(known, at: now, &effects)
        } else {
            flush(shard, at: now, &effects)
        }
        refuseHopeless(in: shard, &effects)
        if homes[shard].target == nil { ask([shard], at: now, &effects) }
    }
}

extension CoordinatorOrder {
    /// Whether the order answers this registration.
    fileprivate func answers(_ registration: UInt64) -> Bool {
        switch self {
        case .registered(registration, _), .registrationRefused(registration, _): true
        case .registered, .registrationRefused, .announce, .homes, .host, .beginHandOff, .handOff, .discard, .intents,
            .released, .answer, .homeless, .notHosted:
            false
        }
    }
}

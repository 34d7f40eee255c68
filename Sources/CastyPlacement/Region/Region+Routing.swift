package import CastyCore

extension Region {
    /// Routes a message from this node to an entity, wherever it runs.
    ///
    /// - Parameter asks: For a question: how long its asker waits while there is no home.
    @specialized(where Payload == ErasedMessage)
    package mutating func onRoute(
        _ payload: Payload, to entity: String, asks: AskPatience? = nil, at now: Instant
    ) -> Effects {
        var effects: Effects = []
        checkLease(at: now, &effects)
        let (entity, shard) = canonical(of: entity)
        // The route's numbers are lower than that of this message: it is opened again with higher ones.
        if let node = homes[shard].route?.node, node != own { homes.closeRoute(shard) }
        sequence += 1
        let message = BufferedMessage(entity: entity, payload: payload, sequence: sequence, since: now, asks: asks)
        guard !isShutDown else {
            lose(message, of: shard, .shutdown, &effects)
            return effects
        }
        if settings.mutations.contains(.startsAnywhere), homes[shard].target == nil, !isProxy {
            deliver(message, in: shard, at: now, &effects)
        } else if canSend(shard) {
            pass(message, of: shard, at: now, &effects)
        } else if homes[shard].target == nil, isNotHosted(at: now) {
            giveUp(message, of: shard, &effects)
        } else if let cause = refusal(of: asks, in: shard) {
            effects.append(.refused(payload, entity: entity, shard: shard, cause))
        } else if keep(message, of: shard, &effects) {
            buffers.append(message, to: shard)
            guard homes[shard].target == nil else { return effects }
            // A question with `failFast` learns at once why there is no home; other messages rely on the periodic
            // request.
            if buffers[shard].count == 1 || asks == .failFast { ask([shard], at: now, &effects) }
        }
        return effects
    }

    /// Whether messages for the shard can leave this region.
    func canSend(_ shard: Int) -> Bool {
        let isOpen =
            homes[shard].isOpen || (settings.mutations.contains(.skipsMarkers) && homes[shard].target != nil)
        guard isOpen, !isSilent(homes[shard].target) else { return false }
        guard homes[shard].target == own else { return true }
        return !lease.isLapsed && hosted.shards[shard]?.isHolding == false
    }

    /// Delivers here or forwards.
    mutating func pass(_ message: BufferedMessage<Payload>, of shard: Int, at now: Instant, _ effects: inout Effects) {
        guard let target = homes[shard].target else { return }
        if target == own {
            deliver(message, in: shard, at: now, &effects)
            return
        }
        homes[shard].send(to: target)
        let delivery = ShardDelivery(
            shard: shard, entity: message.entity, version: homes[shard].version, sequence: message.sequence,
            isRetry: message.isRetry, asks: message.asks, payload: message.payload)
        effects.append(.send(to: target, .peer(.deliver(delivery))))
        if settings.mutations.contains(.deliversTwice), message.isRetry || message.sequence == 0 {
            effects.append(.send(to: target, .peer(.deliver(delivery))))
        }
    }

    /// Counts the message as buffered if there is room; otherwise it is lost.
    mutating func keep(_ message: BufferedMessage<Payload>, of shard: Int, _ effects: inout Effects) -> Bool {
        guard buffers.total < settings.bufferLimit || settings.mutations.contains(.ignoresBufferLimit) else {
            lose(message, of: shard, unavailability == nil ? .bufferFull : .noHome, &effects)
            return false
        }
        buffers.countIn(1)
        return true
    }

    /// Sends the messages buffered for the shard, if they can go.
    mutating func flush(_ shard: Int, at now: Instant, _ effects: inout Effects) {
        guard canSend(shard), let target = homes[shard].target else { return }
        for message in buffers.takeAll(of: shard) { pass(message, of: shard, at: now, &effects) }
        guard buffers.hasLeftover[shard] else { return }
        buffers.hasLeftover[shard] = false
        if target != own { effects.append(.send(to: target, .peer(.transferred(shard: shard)))) }
    }

    // MARK: Homes

    mutating func ask(_ shards: [Int], at now: Instant, _ effects: inout Effects) {
        guard !shards.isEmpty else { return }
        homes.askedAt = now
        wake(by: now + settings.retry)
        if coordination.isRegistered { request(.homes(of: shards), &effects) }
    }

    /// Asks for the homes of all shards that have messages waiting.
    mutating func askForHomes(at now: Instant, _ effects: inout Effects) {
        ask(buffers.shards.filter { homes[$0].target == nil }, at: now, &effects)
    }

    /// The coordinator or another region reports the home of a shard.
    mutating func learn(_ home: ShardHome, at now: Instant, _ effects: inout Effects) {
        let shard = home.shard
        guard homes.indices.contains(shard), home.version >= homes[shard].version else { return }
        if settings.mutations.contains(.dropsBuffer), homes[shard].version > .none, home.version > homes[shard].version
        {
            for message in buffers.takeAll(of: shard) { lose(message, of: shard, .handoff, &effects) }
        }
        homes[shard].version = home.version
        homes[shard].homeless = nil
        if home.node == own {
            guard var item = hosted.shards[shard] else {
                homes[shard].target = nil
                request(
                    .stopped(
                        VersionedShard(shard: shard, version: home.version), hasLeftover: buffers.hasLeftover[shard]),
                    &effects)
                return
            }
            if item.isStopping { return }
            // The coordinator has given up a handoff: the shard stays.
            item.phase = .running
            hosted.shards[shard] = item
            resume(shard, as: home.version, at: now, &effects)
        } else if let item = hosted.shards[shard], item.version < home.version {
            stop(shard, .now, at: now, &effects)
        }
        // The sender does not know yet that the node is gone. Messages that wait here go to the next home.
        homes[shard].target = isGone(home.node) ? nil : home.node
        if let stream = homes[shard].stream, stream.node != home.node || stream.version != home.version {
            closeStream(shard, handoff: nil, at: now, &effects)
        }
        flush(shard, at: now, &effects)
    }

    // MARK: Streams

    /// Notifies the node that received deliveries that no more will come; its answer proves that all were taken or
    /// returned.
    mutating func closeStream(_ shard: Int, handoff: ShardVersion?, at now: Instant, _ effects: inout Effects) {
        guard let stream = homes[shard].stream else { return }
        if stream.closing == nil {
            homes.beginClosing(shard, at: now)
        } else if handoff == nil {
            return
        }
        homes[shard].stream?.closing?.sentAt = now
        wake(by: now + settings.retry)
        let token = homes[shard].stream?.closing?.token ?? 0
        effects.append(.send(to: stream.node, .peer(.streamEnd(shard: shard, token: token, handoff: handoff))))
    }

    /// Stops waiting for the end of the stream. A delivery that is returned from it later would follow messages sent
    /// from now on.
    mutating func abandonStream(_ shard: Int) {
        guard let stream = homes[shard].stream else { return }
        if homes[shard].target != stream.node || homes[shard].version != stream.version {
            homes[shard].abandoned = .init(version: stream.version, sequence: sequence)
        }
        homes.endStream(shard)
    }
}

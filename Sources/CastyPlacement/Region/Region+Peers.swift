import CastyCore

/// Messages of other regions.
extension Region {
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
            hosted.shards[shard]?.markers.insert(node, for: handoff)
            stopIfDrained(shard, at: now, &effects)
        case .streamClosed(let shard, let token):
            guard homes.indices.contains(shard), homes[shard].stream?.node == node,
                homes[shard].stream?.closing?.token == token
            else { return }
            homes.endStream(shard)
            flush(shard, at: now, &effects)
        case .transferred(let shard):
            if self.shard(shard)?.hold?.node == node { releaseHold(shard, at: now, &effects) }
        case .passivate(let entity):
            let (entity, shard) = canonical(of: entity)
            passivate(entity, in: shard, &effects)
        }
    }

    mutating func take(
        _ delivery: ShardDelivery<Payload>, from node: UniqueAddress, at now: Instant, _ effects: inout Effects
    ) {
        let number = delivery.shard
        let (entity, ownNumber) = canonical(of: delivery.entity)
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
        // The entity's id decides, not the shard number that the sender computed.
        guard number == ownNumber, isMine(delivery) else {
            effects.append(.send(to: node, .peer(.notHome(delivery, known: knownHome(of: number, besides: node)))))
            return
        }
        if delivery.sequence == 0, hosted.shards[number]?.hold?.node != node, hosted.shards[number]?.isStopping == false
        {
            // A leftover of an old home is delivered first or not at all.
            lose(message, of: number, .late, &effects)
        } else if hosted.shards[number]?.isHolding == true {
            guard keep(message, of: number, &effects) else { return }
            if hosted.shards[number]?.hold?.node == node {
                hosted.shards[number]?.ahead.append(message)
            } else {
                hosted.shards[number]?.held.append(message)
            }
        } else if hosted.shards[number]?.isStopping == true {
            keepForNewHome(message, of: number, &effects)
        } else {
            deliver(message, in: number, at: now, &effects)
        }
    }

    /// Whether the delivery is for a shard that runs here, and for its current ownership.
    ///
    /// A delivery for an earlier ownership may follow others that were returned, and must not overtake them. A paused
    /// or stopping shard accepts deliveries even without a lease: they wait here, or go to the new home.
    func isMine(_ delivery: ShardDelivery<Payload>) -> Bool {
        if settings.mutations.contains(.sendsInCircles) { return false }
        guard let version = hosted.shards[delivery.shard]?.version else { return false }
        return delivery.version >= version
    }

    /// Whether messages later than the returned one may have been handled already.
    func isLate(_ delivery: ShardDelivery<Payload>, from node: UniqueAddress) -> Bool {
        if removed.contains(node) { return true }
        guard let abandoned = homes[delivery.shard].abandoned else { return false }
        return delivery.version <= abandoned.version && delivery.sequence <= abandoned.sequence
    }

    func knownHome(of shard: Int, besides node: UniqueAddress) -> ShardHome? {
        guard homes.indices.contains(shard), let target = homes[shard].target, target != node else { return nil }
        return ShardHome(shard: shard, node: target, version: homes[shard].version)
    }

    /// A delivery was returned unhandled: it goes to the right home, once, ahead of messages sent after it.
    mutating func takeBack(
        _ delivery: ShardDelivery<Payload>, from node: UniqueAddress, _ known: ShardHome?, at now: Instant,
        _ effects: inout Effects
    ) {
        let shard = delivery.shard
        guard homes.indices.contains(shard) else { return }
        let message = BufferedMessage(
            entity: canonical(of: delivery.entity).entity, payload: delivery.payload, sequence: delivery.sequence,
            since: now, isRetry: true, asks: delivery.asks)
        let isRetry = delivery.isRetry && !settings.mutations.contains(.sendsInCircles)
        if isShutDown || isRetry || isLate(delivery, from: node) {
            lose(message, of: shard, isShutDown ? .shutdown : isRetry ? .wrongHome : .late, &effects)
        } else if keep(message, of: shard, &effects) {
            let sorts = !settings.mutations.contains(.appendsReturned)
            buffers.insert(message, into: shard, sorts: sorts)
            if message.asks != nil { effects.append(.cameBack(message.payload)) }
        }
        if homes[shard].target == node, homes[shard].version <= delivery.version { homes[shard].target = nil }
        if homes[shard].stream?.node == node { closeStream(shard, handoff: nil, at: now, &effects) }
        if let known, known.shard == shard, known.version > homes[shard].version {
            learn(known, at: now, &effects)
        } else {
            flush(shard, at: now, &effects)
        }
        refuseHopeless(in: shard, &effects)
        if homes[shard].target == nil { ask([shard], at: now, &effects) }
    }
}

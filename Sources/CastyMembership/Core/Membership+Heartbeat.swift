package import CastyCore

extension Membership {
    func monitorIndex(_ peer: UniqueAddress) -> Int? { detection.index(of: peer) }

    /// The transport found that an incarnation is gone: another one answers at its address.
    package mutating func onPeerIncarnationGone(_ peer: UniqueAddress, at now: Instant) -> [MembershipEffect] {
        guard phase == .member, peer != myself, gossip.hasMember(peer) else { return [] }
        change(.newIncarnation(nil), at: now) { gossip, myself in
            gossip.setRow(ReachabilityRow(subject: peer, verdict: .terminated), by: myself, of: peer)
        }
        settle(peer)
        return finish(at: now)
    }

    /// Stops monitoring a peer whose end is certain.
    mutating func settle(_ peer: UniqueAddress) {
        guard let index = monitorIndex(peer) else { return }
        cancel(.suspicion(peer))
        detection.monitors[index].stage = .marked
    }

    // MARK: who is monitored

    /// All other members, or in a big cluster the next ones on a ring. The ring is ordered by a hash, so that the
    /// neighbours in one rack spread out.
    private func wantedPeers() -> [UniqueAddress] {
        let others = gossip.members.map(\.node).filter { $0 != myself }
        if others.count <= settings.monitors { return others }
        func ringPosition(_ node: UniqueAddress) -> UInt64 {
            var hash = StableHash()
            hash.combine(node)
            return hash.value
        }
        let mine = ringPosition(myself)
        let ring = others.map { (distance: ringPosition($0) &- mine, node: $0) }.sorted {
            $0.distance != $1.distance ? $0.distance < $1.distance : $0.node < $1.node
        }
        let unreachable = gossip.unreachable
        var wanted: [UniqueAddress] = []
        var healthy = 0
        for (_, node) in ring where healthy < settings.monitors {
            wanted.append(node)
            if !unreachable.contains(node) { healthy += 1 }
        }
        // A peer that this node has marked stays monitored: no other node can take the mark back.
        for node in others where gossip.row(by: myself, of: node) != nil && !wanted.contains(node) {
            wanted.append(node)
        }
        return wanted.sorted()
    }

    mutating func syncMonitors(over old: Gossip, at now: Instant) {
        // Which peers are monitored depends on the members and on the reachability rows, and on nothing else.
        let isSame =
            old.reachability == gossip.reachability && old.members.count == gossip.members.count
            && zip(old.members, gossip.members).allSatisfy {
                $0.node == $1.node && ($0.status == .down) == ($1.status == .down)
            }
        if isSame, !detection.monitors.isEmpty { return }
        let wanted = phase == .member ? wantedPeers() : []
        if detection.monitors.map(\.peer) == wanted { return }
        for monitor in detection.monitors where !wanted.contains(monitor.peer) { cancel(.suspicion(monitor.peer)) }
        let newcomers = wanted.filter { monitorIndex($0) == nil }
        // A peer that was not monitored before counts for the lease as it did, and for no longer.
        let credits = newcomers.map { peer in
            settings.mutations.contains(.creditsNewMonitors)
                ? now : old.member(peer).flatMap { _ in unmonitoredProof(of: peer) }
        }
        detection.monitors = wanted.map { peer in
            if let index = monitorIndex(peer) { return detection.monitors[index] }
            var monitor = Monitor(peer: peer, parameters: detection.parameters, at: now)
            monitor.provenAt = newcomers.firstIndex(of: peer).flatMap { credits[$0] }
            return monitor
        }
        for index in detection.monitors.indices where detection.monitors[index].timer == nil {
            armSuspicion(index, at: now)
        }
        // The first answers of new peers are needed now, not after the next round.
        guard armed(.heartbeat) != nil else { return }
        for peer in newcomers {
            sendHeartbeat(to: peer, at: now)
            if let index = monitorIndex(peer) { detection.monitors[index].early = detection.monitors[index].sent }
        }
    }

    private mutating func sendHeartbeat(to peer: UniqueAddress, at now: Instant) {
        guard let index = monitorIndex(peer) else { return }
        detection.monitors[index].sent &+= 1
        effects.append(.send(.heartbeat(sequence: detection.monitors[index].sent, sentAt: now), to: peer))
    }

    // MARK: heartbeats

    /// Sends a heartbeat to every monitored peer. The next round comes a fixed time after this one, so no burst follows
    /// a pause.
    mutating func beat(at now: Instant) {
        arm(.heartbeat, at: now + settings.heartbeat)
        refreshLease()
        for index in detection.monitors.indices {
            sendHeartbeat(to: detection.monitors[index].peer, at: now)
            if now >= detection.monitors[index].probeConnectionDue(settings) { probeConnection(index, at: now) }
        }
    }

    mutating func answerHeartbeat(from peer: UniqueAddress, sequence: UInt64, sentAt: Instant, at now: Instant) {
        let answer = heartbeatAnswer(to: peer, sequence: sequence, sentAt: sentAt, at: now)
        effects.append(.send(answer, to: peer))
    }

    /// An acknowledgement renews the lease of the asking node, so only a member gets one.
    ///
    /// This node also acknowledges before it has been welcomed: to the others it may already be a member, and it has
    /// removed none of them.
    mutating func heartbeatAnswer(
        to peer: UniqueAddress, sequence: UInt64, sentAt: Instant, at now: Instant
    ) -> ClusterMessage {
        switch phase == .member ? gossip.status(of: peer) : .joining {
        case .down?:
            // An acknowledgement would let the peer go on; it needs the gossip instead.
            return .gossipEnvelope(gossip)
        case nil where !settings.mutations.contains(.acknowledgesNonMembers):
            return .unknown(sequence: sequence, sentAt: sentAt)
        case nil, .joining?, .weaklyUp?, .up?, .leaving?, .exiting?:
            proofs.noteAcknowledged(peer, at: now)
            return .heartbeatAck(sequence: sequence, sentAt: sentAt, voters: lease.voters.last ?? 0)
        }
    }

    /// - Parameter voters: The hash of the members that vote and can be reached in the peer's view; `nil` where the
    ///   peer does not know this node: then the answer proves only that the peer is alive.
    mutating func heard(
        _ peer: UniqueAddress, sequence: UInt64, sentAt: Instant, voters: UInt64?, at now: Instant
    ) {
        guard let index = monitorIndex(peer), sequence > detection.monitors[index].answered,
            sequence <= detection.monitors[index].sent,
            sentAt <= now
        else { return }
        let row = gossip.row(by: myself, of: peer)
        if row?.verdict == .terminated { return }
        detection.monitors[index].hear(sequence: sequence, sentAt: sentAt, at: now)
        if let voters {
            detection.monitors[index].provenAt = max(detection.monitors[index].provenAt ?? sentAt, sentAt)
            health.noteAcknowledged(sentAt: sentAt)
            if lease.voters.contains(voters) {
                detection.monitors[index].sharedAt = max(detection.monitors[index].sharedAt ?? sentAt, sentAt)
            }
        }
        giveUpStream(index, at: now)
        if detection.monitors[index].timer == nil { armSuspicion(index, at: now) }
        if row != nil, !settings.mutations.contains(.neverRefutes) {
            mark(nil, peer, .heartbeat, at: now)
        } else if now + settings.heartbeat >= lease.validUntil {
            // A lease that is renewed late only ends earlier; each round of heartbeats renews it anyway.
            refreshLease()
        }
    }

    // MARK: silence

    /// Sets the timer for the next step. Heartbeats do not move the timer: when it fires early it is set again.
    private mutating func armSuspicion(_ index: Int, at now: Instant) {
        guard let step = detection.nextStep(index, settings) else { return }
        arm(.suspicion(detection.monitors[index].peer), at: max(step, now))
    }

    mutating func listen(to peer: UniqueAddress, at now: Instant) {
        while let index = monitorIndex(peer),
            let step = detection.nextStep(index, settings), step <= now
        {
            takeStep(index, at: now)
        }
        if let index = monitorIndex(peer) { armSuspicion(index, at: now) }
    }

    private mutating func takeStep(_ index: Int, at now: Instant) {
        let monitor = detection.monitors[index]
        let phi = monitor.detector.phi(at: now)
        let silence = now - monitor.detector.lastArrival
        switch monitor.stage {
        case .listening:
            detection.monitors[index].stage = .probing
            askWitnesses(index)
        case .probing:
            detection.monitors[index].stage = .suspected
            publish(.suspected(phi: phi, silence: silence), monitor.peer, .silence(phi: phi, silence: silence), at: now)
        case .suspected:
            detection.monitors[index].stage = .marked
            if settings.mutations.contains(.neverMarks) { return }
            let verdict: ReachabilityRow.Verdict = monitor.witness == nil ? .unreachable : .indirect
            let subject = settings.mutations.contains(.marksItself) ? myself : monitor.peer
            let row = ReachabilityRow(subject: subject, verdict: verdict, witness: monitor.witness)
            mark(row, subject, .silence(phi: phi, silence: silence), at: now)
        case .marked: break
        }
    }

    /// Changes this node's row about a peer. Such changes rarely come alone: see ``push(at:)``.
    private mutating func mark(
        _ row: ReachabilityRow?, _ subject: UniqueAddress, _ cause: EventCause, at now: Instant
    ) {
        if change(cause, at: now, { $0.setRow(row, by: $1, of: subject) }) { dissemination.origin = .mark }
    }

    private mutating func askWitnesses(_ index: Int) {
        let peer = detection.monitors[index].peer
        let candidates = targets.filter { node in node != peer && gossip.status(of: node) != .down }
        guard settings.witnesses > 0, !candidates.isEmpty else { return }
        let number = detection.beginProbe(index)
        for witness in generator.permuted(candidates).prefix(settings.witnesses) {
            effects.append(.send(.probeRequest(id: number, subject: peer), to: witness))
        }
    }

    mutating func probeAnswered(id: UInt64, subject: UniqueAddress, by witness: UniqueAddress, at now: Instant) {
        guard let index = monitorIndex(subject), detection.monitors[index].probe == id,
            detection.monitors[index].witness == nil,
            gossip.hasMember(witness)
        else { return }
        detection.monitors[index].witness = witness
        // The answer came too late to prevent the mark, but it shows that only the link is broken.
        if gossip.row(by: myself, of: subject)?.verdict == .unreachable {
            let row = ReachabilityRow(subject: subject, verdict: .indirect, witness: witness)
            mark(row, subject, present.cause, at: now)
        }
    }

    // MARK: local health

    /// Whether this node hung for so long that the others may have removed it, and none of them has acknowledged it as
    /// a member since.
    ///
    /// Until one has, this node lets no node in. A new incarnation shows that the former one has died, not that it died
    /// before it removed this node. If all former incarnations were replaced this way, no node would be left that knows
    /// of the removal, and this node would go on with shards that others have run meanwhile. It waits for the downing
    /// strategy instead, which lets it go on only where the others could not have removed it.
    var mayBeLeftBehind: Bool {
        guard health.hungUntil != nil, !settings.mutations.contains(.letsInAfterHanging) else { return false }
        return gossip.members.contains { $0.node != myself && ($0.status == .up || $0.status == .leaving) }
    }

    /// This node was late itself, so the silence of its peers may be its own fault. It sends all of them another
    /// heartbeat, extends each silence once by one heartbeat, and counts the time of its absence towards no stability
    /// period.
    mutating func noteLate(by lateness: Duration, at now: Instant) {
        if settings.mutations.contains(.blamesPeers) { return }
        let isNew = health.noteLate(by: lateness, at: now, settings)
        detection.extendSilences(until: now + settings.heartbeat)
        guard isNew else { return }
        effects.append(.note(.late(by: lateness)))
        if phase == .member { beat(at: now) }
        postponeDowning(by: lateness, at: now)
    }
}

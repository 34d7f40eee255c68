package import CastyCore

extension Region {
    /// Membership or reachability changed.
    @specialized(where Payload == ErasedMessage)
    package mutating func onView(_ view: PlacementView, at now: Instant) -> Effects {
        var effects: Effects = []
        let old = self.view
        self.view = view
        checkLease(at: now, &effects)
        let removed = old.members.filter { view.member($0.node) == nil }.map(\.node)
        self.removed += removed
        self.removed.removeFirst(max(0, self.removed.count - Self.removedKept))
        for node in removed { forget(node, at: now, &effects) }
        if old.silent != view.silent { closeSilentRoutes() }
        // Runs only after all of them are forgotten: messages that wait for one must not be sent to another that is
        // gone too.
        if !removed.isEmpty || old.silent != view.silent {
            for shard in buffers.shards { flush(shard, at: now, &effects) }
        }
        if !removed.isEmpty { askForHomes(at: now, &effects) }
        lookAtUnknown(at: now, &effects)
        let status = view.member(own)?.status
        if status == .down || (status == nil && old.member(own) != nil) {
            // Other members have given this node up, and will reassign its shards.
            lease.validUntil = .start
            checkLease(at: now, &effects)
            for shard in hosted.numbers { stop(shard, .now, at: now, &effects) }
        }
        if status == .leaving, lifecycle.isRunning { leave(at: now, &effects) }
        let oldest = view.oldest(role: settings.role)
        let isNew = oldest != old.oldest(role: settings.role)
        if isNew, oldest != coordinator { coordination.expect(oldest) }
        // A weakly-up member may send messages and questions; when it becomes up it may host, so it registers again.
        let hasJoined = (status == .up || status == .weaklyUp) && old.member(own)?.status != status
        if hasJoined || (!coordination.isRegistered && isNew) { register(at: now, &effects) }
        continueLeaving(at: now, &effects)
        lookForHosts(since: old, &effects)
        return effects
    }

    /// How many removed members are remembered.
    private static var removedKept: Int { 256 }

    /// Stops waiting for anything from this node; whatever still arrives is late.
    private mutating func forget(_ node: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        for shard in homes.indices {
            if homes[shard].target == node { homes[shard].target = nil }
            if homes[shard].stream?.node == node { homes.endStream(shard) }
        }
        for shard in hosted.numbers {
            if hosted.shards[shard]?.hold?.node == node { releaseHold(shard, at: now, &effects) }
            if case .draining(let handoff, var participants, let deadline)? = hosted.shards[shard]?.phase {
                participants.removeSorted(node)
                hosted.shards[shard]?.phase = .draining(
                    handoff: handoff, participants: participants, deadline: deadline)
                stopIfDrained(shard, at: now, &effects)
            }
        }
    }

    // MARK: Registration

    /// Whether this region can be given shards.
    var accepts: Bool {
        !isProxy && lifecycle.isRunning && !lease.isLapsed && !isShutDown && view.member(own)?.status != .weaklyUp
    }

    mutating func register(at now: Instant, _ effects: inout Effects) {
        guard !isShutDown, let coordinator, let status = view.member(own)?.status else { return }
        switch status {
        case .weaklyUp, .up, .leaving, .exiting: break
        case .joining, .down: return
        }
        coordination.register()
        sendRegistration(to: coordinator, at: now, &effects)
    }

    mutating func sendRegistration(to coordinator: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        coordination.sentAt = now
        let ranges = ShardPages.ranges(of: homes.count, upTo: ShardPages.reported)
        for (part, range) in ranges.enumerated() {
            var report = report(on: range)
            (report.part, report.parts) = (part, ranges.count)
            if part == ranges.count - 1 { report.intents = coordination.intents }
            effects.append(.send(to: coordinator, .request(.register(report))))
        }
        wake(by: now + settings.retry)
    }

    /// The registration report on a range of shards.
    private func report(on range: Range<Int>) -> Registration {
        var report = Registration(number: coordination.registration, shardCount: settings.shardCount, accepts: accepts)
        for shard in range {
            if let item = hosted.shards[shard] {
                var isStopping = true
                if case .running = item.phase { isStopping = false }
                report.hosted.append(HostedShard(shard: shard, version: item.version, isStopping: isStopping))
            } else if homes[shard].version > .none {
                report.known.append(shard)
            }
            if buffers.hasLeftover[shard] { report.leftovers.append(shard) }
        }
        return report
    }

    mutating func request(_ request: CoordinatorRequest, _ effects: inout Effects) {
        guard let coordinator else { return }
        effects.append(.send(to: coordinator, .request(request)))
    }

    // MARK: Lease

    /// The node may run entities until `validUntil`; called before any other event when that has changed. Before the
    /// first call there is no limit.
    ///
    /// The lease may have changed several times since the last call, so the previous value proves nothing.
    @specialized(where Payload == ErasedMessage)
    package mutating func onLease(validUntil: Instant, at now: Instant) -> Effects {
        var effects: Effects = []
        lease.validUntil = validUntil
        checkLease(at: now, &effects)
        return effects
    }

    /// Pauses every entity if the lease has lapsed. When it is valid again, the region registers: the coordinator
    /// confirms which shards it still has.
    mutating func checkLease(at now: Instant, _ effects: inout Effects) {
        if settings.mutations.contains(.skipsLease) { return }
        if now < lease.validUntil {
            guard lease.isLapsed, !isShutDown else { return }
            lease.renew()
            note(.unfenced, &effects)
            register(at: now, &effects)
        } else if !lease.isLapsed {
            lease.lapse(at: now, hasPaused: hosted.hasPaused)
            note(.fenced, &effects)
            pause(at: now, &effects)
        }
    }

    // MARK: Leaving

    /// The node wants to leave: hands all shards off, then emits ``RegionEffect/left``.
    package mutating func onLeave(at now: Instant) -> Effects {
        var effects: Effects = []
        if lifecycle.isRunning { leave(at: now, &effects) }
        return effects
    }

    private mutating func leave(at now: Instant, _ effects: inout Effects) {
        lifecycle = .leaving(since: now)
        continueLeaving(at: now, &effects)
    }

    /// Asks to be released; if there is no coordinator to ask, leaves at once.
    mutating func continueLeaving(at now: Instant, _ effects: inout Effects) {
        guard lifecycle.leavingSince != nil else { return }
        // A node that leaves before it was up never registered: it has no shards, and no coordinator knows it.
        let canAsk =
            coordination.registration > 0 && coordinator != nil && coordination.notHostedSince == nil
            && !coordination.isRefused
            && view.oldest(role: settings.role) != nil
        if canAsk {
            if coordination.isRegistered { request(.leave, &effects) }
            wake(by: now + settings.retry)
        } else {
            released(at: now, &effects)
        }
    }

    mutating func released(at now: Instant, _ effects: inout Effects) {
        guard let leavingSince = lifecycle.leavingSince else { return }
        lifecycle.release()
        for shard in hosted.numbers where hosted.shards[shard]?.isStopping == false {
            stop(shard, .afterMailbox, at: now, &effects)
        }
        guard hosted.isEmpty else { return }
        // Leftovers of a handoff must still go to the new home; if there is none, the region waits only for a bounded
        // time.
        let isTimeOver = coordinator == nil || leavingSince + settings.handoffTimeout <= now
        guard buffers.shards.isEmpty || isTimeOver else { return }
        lifecycle = .left
        for member in view.members where !isProxy && member.hasRole(settings.role) {
            effects.append(.send(to: member.node, .request(.departed)))
        }
        effects.append(.left)
    }

    /// The node stops now: every entity is stopped, every buffered message is lost.
    @specialized(where Payload == ErasedMessage)
    package mutating func onShutdown(at now: Instant) -> Effects {
        var effects: Effects = []
        isShutDown = true
        for shard in homes.indices { homes.closeRoute(shard) }
        lookAtUnknown(at: now, &effects)
        for shard in hosted.numbers { stop(shard, .now, at: now, &effects) }
        for shard in buffers.shards {
            for message in buffers.takeAll(of: shard) { lose(message, of: shard, .shutdown, &effects) }
            buffers.hasLeftover[shard] = false
        }
        return effects
    }
}

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
        // Runs only after all of them are forgotten: messages that wait for one must not be sent to another that is
        // gone too.
        if !removed.isEmpty || old.silent != view.silent {
            for shard in buffering { flush(shard, at: now, &effects) }
        }
        if !removed.isEmpty { askForHomes(at: now, &effects) }
        lookAtUnknown(at: now, &effects)
        let status = view.member(own)?.status
        if status == .down || (status == nil && old.member(own) != nil) {
            // Other members have given this node up, and will reassign its shards.
            leaseValidUntil = .start
            checkLease(at: now, &effects)
            for shard in hostedShards { stop(shard, .now, at: now, &effects) }
        }
        if status == .leaving, !isLeaving { leave(at: now, &effects) }
        let oldest = view.oldest(role: settings.role)
        let isNew = oldest != old.oldest(role: settings.role)
        if isNew, oldest != coordinator {
            coordinator = oldest
            isRegistered = false
            refusedCount = nil
            notHostedSince = nil
        }
        // A weakly-up member may send messages and questions; when it becomes up it may host, so it registers again.
        let hasJoined = (status == .up || status == .weaklyUp) && old.member(own)?.status != status
        if hasJoined || (!isRegistered && isNew) { register(at: now, &effects) }
        if isLeaving { continueLeaving(at: now, &effects) }
        lookForHosts(since: old, &effects)
        return effects
    }

    /// How many removed members are remembered.
    private static var removedKept: Int { 256 }

    /// Stops waiting for anything from this node; whatever still arrives is late.
    private mutating func forget(_ node: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        for shard in homes.indices {
            if homes[shard].target == node { homes[shard].target = nil }
            if homes[shard].stream == node { endStream(shard) }
        }
        for shard in hostedShards {
            if hosted[shard]?.holdFor == node { releaseHold(shard, at: now, &effects) }
            if case .draining(let handoff, var participants, let deadline)? = hosted[shard]?.phase {
                participants.removeSorted(node)
                hosted[shard]?.phase = .draining(handoff: handoff, participants: participants, deadline: deadline)
                stopIfDrained(shard, at: now, &effects)
            }
        }
    }

    // MARK: Registration

    /// Whether this region can be given shards.
    var accepts: Bool {
        !isProxy && !isLeaving && !isFenced && !isShutDown && view.member(own)?.status != .weaklyUp
    }

    mutating func register(at now: Instant, _ effects: inout Effects) {
        guard !isShutDown, let coordinator, let status = view.member(own)?.status else { return }
        switch status {
        case .weaklyUp, .up, .leaving, .exiting: break
        case .joining, .down: return
        }
        isRegistered = false
        registration += 1
        sendRegistration(to: coordinator, at: now, &effects)
    }

    mutating func sendRegistration(to coordinator: UniqueAddress, at now: Instant, _ effects: inout Effects) {
        registeredAt = now
        let ranges = ShardPages.ranges(of: homes.count, upTo: ShardPages.reported)
        for (part, range) in ranges.enumerated() {
            var report = report(on: range)
            (report.part, report.parts) = (part, ranges.count)
            if part == ranges.count - 1 { report.intents = intents }
            effects.append(.send(to: coordinator, .request(.register(report))))
        }
        wake(by: now + settings.retry)
    }

    /// The registration report on a range of shards.
    private func report(on range: Range<Int>) -> Registration {
        var report = Registration(number: registration, shardCount: settings.shardCount, accepts: accepts)
        for shard in range {
            if let item = hosted[shard] {
                var isStopping = true
                if case .running = item.phase { isStopping = false }
                report.hosted.append(HostedShard(shard: shard, version: item.version, isStopping: isStopping))
            } else if homes[shard].version > .none {
                report.known.append(shard)
            }
            if hasLeftover[shard] { report.leftovers.append(shard) }
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
        leaseValidUntil = validUntil
        checkLease(at: now, &effects)
        return effects
    }

    /// Pauses every entity if the lease has lapsed. When it is valid again, the region registers: the coordinator
    /// confirms which shards it still has.
    mutating func checkLease(at now: Instant, _ effects: inout Effects) {
        if settings.mutations.contains(.skipsLease) { return }
        if now < leaseValidUntil {
            guard isFenced, !isShutDown else { return }
            isFenced = false
            note(.unfenced, &effects)
            register(at: now, &effects)
        } else if !isFenced {
            isFenced = true
            note(.fenced, &effects)
            pause(at: now, &effects)
        }
    }

    // MARK: Leaving

    /// The node wants to leave: hands all shards off, then emits ``RegionEffect/left``.
    package mutating func onLeave(at now: Instant) -> Effects {
        var effects: Effects = []
        if !isLeaving { leave(at: now, &effects) }
        return effects
    }

    private mutating func leave(at now: Instant, _ effects: inout Effects) {
        isLeaving = true
        leavingSince = now
        continueLeaving(at: now, &effects)
    }

    /// Asks to be released; if there is no coordinator to ask, leaves at once.
    mutating func continueLeaving(at now: Instant, _ effects: inout Effects) {
        guard isLeaving, !hasLeft else { return }
        // A node that leaves before it was up never registered: it has no shards, and no coordinator knows it.
        let canAsk =
            registration > 0 && coordinator != nil && notHostedSince == nil && !isRefused
            && view.oldest(role: settings.role) != nil
        if canAsk {
            if isRegistered { request(.leave, &effects) }
            wake(by: now + settings.retry)
        } else {
            released(at: now, &effects)
        }
    }

    mutating func released(at now: Instant, _ effects: inout Effects) {
        guard isLeaving, !hasLeft else { return }
        isReleased = true
        for shard in hostedShards where hosted[shard]?.isStopping == false {
            stop(shard, .afterMailbox, at: now, &effects)
        }
        guard hostedShards.isEmpty else { return }
        // Leftovers of a handoff must still go to the new home; if there is none, the region waits only for a bounded
        // time.
        let isTimeOver = coordinator == nil || leavingSince + settings.handoffTimeout <= now
        guard buffering.isEmpty || isTimeOver else { return }
        hasLeft = true
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
        lookAtUnknown(at: now, &effects)
        for shard in hostedShards { stop(shard, .now, at: now, &effects) }
        for shard in buffering {
            for message in buffers[shard] { lose(message, of: shard, .shutdown, &effects) }
            bufferedCount -= buffers[shard].count
            buffers[shard] = []
            hasLeftover[shard] = false
        }
        buffering = []
        return effects
    }
}

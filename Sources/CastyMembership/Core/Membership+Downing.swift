package import CastyCore

/// What this node knows of the split that may have to be resolved.
struct DowningState: Sendable {
    /// The split that may have to be resolved; `nil` while all members can be reached.
    var split: Split?
    /// The last decision, for display.
    var last: DowningDecision?
    /// The state of this node's claim to the lease of lease-majority.
    var claim = Claim.none
    /// The numbers of the last claim sent, and of the last claim that a decision used.
    var lastClaim: UInt64 = 0
    var usedClaim: UInt64 = 0

    /// ```
    /// none ──▶ waiting ──▶ asked ──▶ held ──▶ none
    ///   └────────────────────▲ └──── refused, or of no use any more ──▶ none
    /// ```
    enum Claim: Hashable, Sendable {
        case none
        /// The other side asks first.
        case waiting(until: Instant)
        /// No answer yet; the picture and the decision for which the lease was requested.
        case asked(Picture, DowningDecision)
        /// This node holds the lease, until the members that it declared down are removed.
        case held(LeaseClaim)
    }

    /// A split, as long as it lasts.
    struct Split: Hashable, Sendable {
        var picture: Picture
        /// Since when the picture has been unchanged.
        var stableSince: Instant
        /// When the first member became unreachable.
        var firstChange: Instant

        /// When it has been stable for long enough for a decision, or unstable for too long.
        func due(_ settings: MembershipSettings, members: Int) -> Instant {
            if settings.mutations.contains(.decidesAtOnce) { return stableSince + settings.heartbeat }
            return min(stableSince + settings.stableAfter(members: members), firstChange + settings.unstableLimit)
        }

        /// The time in which this node hung does not count as time without changes.
        mutating func postpone(by lateness: Duration, at now: Instant) {
            firstChange = min(firstChange + lateness, now)
            stableSince = now
        }
    }

    /// The unreachable members, and those whose votes are settled: all must be unchanged for a while before a decision.
    struct Picture: Hashable, Sendable {
        var unreachable: [UniqueAddress]
        /// Up or leaving. That a member wants to leave changes no vote.
        var voting: [UniqueAddress]
        var exiting: [UniqueAddress]

        init(_ gossip: Gossip, unreachable: [UniqueAddress]) {
            self.unreachable = unreachable
            // A joiner that leaves before it is up has no vote.
            let settled = gossip.members.filter { $0.upNumber != nil }
            voting = settled.filter(\.status.isVoting).map(\.node)
            exiting = settled.filter { $0.status == .exiting }.map(\.node)
        }

        /// Whether it is another picture than the former one for a reason other than members that are down now. Their
        /// votes count for no side, so no side can win by news of them that the other does not have.
        func isNews(after former: Picture, in gossip: Gossip) -> Bool {
            if self == former { return false }
            func withoutDown(_ nodes: [UniqueAddress]) -> [UniqueAddress] {
                nodes.filter { gossip.status(of: $0) != .down }
            }
            return withoutDown(former.unreachable) != unreachable || withoutDown(former.voting) != voting
                || withoutDown(former.exiting) != exiting
        }
    }
}

extension Membership {
    /// A person at this node declares the members at an address dead.
    package mutating func onDown(_ address: NodeAddress, at now: Instant) -> [MembershipEffect] {
        guard phase == .member else { return [] }
        let nodes = gossip.members(at: address).map(\.node)
        change(.command, at: now) { gossip, _ in
            for node in nodes { gossip.setStatus(.down, of: node) }
        }
        return finish(at: now)
    }

    mutating func watchForSplit(at now: Instant) {
        let troubled = gossip.unreachable.filter { node in
            guard let status = gossip.status(of: node) else { return false }
            return status != .down && status != .exiting
        }
        if troubled.isEmpty {
            if downing.split != nil { cancel(.downing) }
            downing.split = nil
            if case .waiting = downing.claim { downing.claim = .none }
            return
        }
        let picture = DowningState.Picture(gossip, unreachable: troubled)
        if downing.split?.picture == picture { return }
        // Once a decision is taken, what remains is a new trouble: its time begins now.
        if let former = downing.split?.picture, armed(.downing) != nil, !picture.isNews(after: former, in: gossip) {
            downing.split?.picture = picture
            return
        }
        let split = DowningState.Split(
            picture: picture, stableSince: now, firstChange: downing.split?.firstChange ?? now)
        if case .waiting = downing.claim, now < split.firstChange + settings.unstableLimit { downing.claim = .none }
        downing.split = split
        arm(.downing, at: max(due(split), now))
    }

    func due(_ split: DowningState.Split) -> Instant { split.due(settings, members: gossip.members.count) }

    mutating func postponeDowning(by lateness: Duration, at now: Instant) {
        guard var split = downing.split else { return }
        split.postpone(by: lateness, at: now)
        downing.split = split
        arm(.downing, at: max(due(split), now))
    }

    /// Whether it is this node's turn to decide for its side.
    var mayDecide: Bool {
        guard leader == myself, let status = gossip.status(of: myself) else { return false }
        return status == .up || status == .weaklyUp || status == .leaving
    }

    mutating func decideDowning(at now: Instant) {
        guard phase == .member, let split = downing.split else { return }
        guard mayDecide, !settings.mutations.contains(.neverDecides) else {
            // The node whose turn it is may fall silent as well.
            arm(.downing, at: now + settings.heartbeat)
            return
        }
        // Members may have joined since the timer was set; with more members the view must be stable for longer.
        guard now >= due(split) || settings.mutations.contains(.countsMembersOnce) else {
            arm(.downing, at: due(split))
            return
        }
        let decision = decision(on: gossip, split, at: now)
        downing.last = decision
        switch decision.kind {
        case .keepAll: arm(.downing, at: now + settings.stableAfter(members: gossip.members.count))
        case .claimLease(let isLate): claimLease(decision, isLate: isLate, at: now)
        case .downUnreachable, .downReachable, .downAll, .downIndirectlyConnected:
            carryOut(decision, at: now)
            // Members are still unreachable: look again.
            if decision.down.isEmpty { arm(.downing, at: now + settings.stableAfter(members: gossip.members.count)) }
        }
    }

    mutating func carryOut(_ decision: DowningDecision, at now: Instant) {
        downing.last = decision
        publish(.downingDecision(decision), nil, .downing, at: now)
        change(.downing, at: now) { gossip, _ in
            for node in decision.down { gossip.setStatus(.down, of: node) }
        }
    }

    func downingView(_ gossip: Gossip) -> DowningView {
        var view = DowningView(gossip, myself: myself)
        view.ignoresChanges = settings.mutations.contains(.ignoresChanges)
        return view
    }

    private func decision(
        on gossip: Gossip, _ split: DowningState.Split, at now: Instant
    ) -> DowningDecision {
        var gossip = gossip
        let still = now - split.stableSince
        if settings.downAllWhenUnstable, settings.strategy != .manual,
            still < settings.stableAfter(members: gossip.members.count)
        {
            return DowningDecision(
                kind: .downAll, down: DowningView(gossip, myself: myself).members.map(\.node),
                reason: .unstable(for: now - split.firstChange))
        }
        if settings.mutations.contains(.joinersVote) {
            for member in gossip.members where member.status < .up { gossip.setStatus(.up, of: member.node) }
        }
        let view = downingView(gossip)
        if settings.mutations.contains(.ignoresVotes) {
            return DowningDecision(kind: .downUnreachable, down: view.unreachable, reason: .mutation)
        }
        return settings.strategy.decide(view)
    }

    /// When a decision is due and what it would be at present; `nil` without a split.
    package var pendingDowning: (due: Instant, decision: DowningDecision)? {
        guard phase == .member, let split = downing.split else { return nil }
        return (timers[.downing] ?? due(split), settings.strategy.decide(downingView(gossip)))
    }

    /// What the strategy would decide here if exactly these members were cut off.
    package func decisionIfCut(from unreachable: [UniqueAddress]) -> DowningDecision {
        var view = DowningView(
            myself: myself, members: gossip.members, unreachable: unreachable,
            ended: gossip.members.map(\.node).filter(gossip.hasEnded))
        view.ignoresChanges = settings.mutations.contains(.ignoresChanges)
        return settings.strategy.decide(view)
    }
}

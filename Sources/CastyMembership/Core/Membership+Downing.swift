package import CastyPrimitives

/// What this node knows of the split that may have to be resolved.
struct DowningState: Sendable {
    /// The members in trouble and the settled ones: what must be still before a decision.
    var picture: Picture?
    /// Since when the picture has been still.
    var stableSince = Instant.start
    /// When the trouble began.
    var firstChange = Instant.start
    /// The last decision, for the screens.
    var last: DowningDecision?

    struct Picture: Hashable, Sendable {
        var unreachable: [UniqueAddress]
        var settled: [UniqueAddress]
    }
}

extension Membership {
    /// A person at this node declares whoever lives at a place dead.
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
            guard let status = gossip.member(node)?.status else { return false }
            return status != .down && status != .exiting
        }
        if troubled.isEmpty {
            if downing.picture != nil { cancel(.downing) }
            downing.picture = nil
            return
        }
        let settled = gossip.members.filter { $0.status == .up || $0.status == .exiting }.map(\.node)
        let picture = DowningState.Picture(unreachable: troubled, settled: settled)
        if downing.picture == picture { return }
        if downing.picture == nil { downing.firstChange = now }
        downing.picture = picture
        downing.stableSince = now
        arm(.downing, at: max(downingDue, now))
    }

    private var downingDue: Instant {
        min(
            downing.stableSince + settings.stableAfter(members: gossip.members.count),
            downing.firstChange + settings.unstableLimit)
    }

    /// The time this node was not there does not count as time in which nothing changed.
    mutating func postponeDowning(by lateness: Duration, at now: Instant) {
        guard downing.picture != nil else { return }
        downing.firstChange = min(downing.firstChange + lateness, now)
        downing.stableSince = now
        arm(.downing, at: max(downingDue, now))
    }

    mutating func decideDowning(at now: Instant) {
        guard phase == .member, downing.picture != nil else { return }
        let status = gossip.member(myself)?.status
        let mayAct = leader == myself && (status == .up || status == .weaklyUp || status == .leaving)
        guard mayAct else {
            // The one whose turn it is may fall silent as well.
            arm(.downing, at: now + settings.heartbeat)
            return
        }
        let decision = settings.strategy.decide(DowningView(gossip, myself: myself))
        guard decision.kind != .keepAll else {
            downing.last = decision
            arm(.downing, at: now + settings.stableAfter(members: gossip.members.count))
            return
        }
        downing.last = decision
        publish(.downingDecision(decision), nil, .downing, at: now)
        change(.downing, at: now) { gossip, _ in
            for node in decision.down { gossip.setStatus(.down, of: node) }
        }
    }

    /// When a decision falls and what it would be, as things stand; `nil` without a split.
    package var pendingDowning: (due: Instant, decision: DowningDecision)? {
        guard phase == .member, downing.picture != nil else { return nil }
        return (timers[.downing] ?? downingDue, settings.strategy.decide(DowningView(gossip, myself: myself)))
    }

    /// What the strategy would decide here if exactly these members were cut off.
    package func decisionIfCut(from unreachable: [UniqueAddress]) -> DowningDecision {
        settings.strategy.decide(DowningView(myself: myself, members: gossip.members, unreachable: unreachable))
    }
}

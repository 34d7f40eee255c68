package import CastyCore

extension Membership {
    /// This node wants to leave gracefully.
    ///
    /// If it has asked a member to let it in, it may already be a member to the others: it waits for the welcome, and
    /// leaves then.
    package mutating func onLeave(at now: Instant) -> [MembershipEffect] {
        switch phase {
        case .contacting where join.mayBeIn, .joining where !settings.mutations.contains(.leavesUnwelcomed):
            guard !join.isLeaving else { break }
            join.isLeaving = true
            arm(.leave, at: now + settings.joinRetry * Self.attemptsToLeave)
        case .idle, .contacting, .joining: pendingStop = .left
        case .member: beginToLeave(at: now)
        case .stopped: break
        }
        return finish(at: now)
    }

    /// The number of attempts to join after which a node that wants to leave stops without a welcome.
    private static let attemptsToLeave = 8

    /// This node is a member, and is to leave.
    mutating func beginToLeave(at now: Instant) {
        change(.command, at: now) { $0.setStatus(.leaving, of: $1) }
        if gossip.status(of: myself) == .leaving, armed(.leave) == nil {
            arm(.leave, at: now + settings.statusDeadline(members: gossip.members.count))
        }
    }

    /// The cluster could not agree that this node leaves: it moves itself to exiting. By that it gives up its vote and
    /// nothing else, so no side of a split can win by it that would not have won before.
    mutating func leaveUnagreed(at now: Instant) {
        switch phase {
        case .contacting, .joining:
            effects.append(.note(.leavesUnwelcomed))
            pendingStop = pendingStop ?? .left
        case .idle, .member, .stopped: break
        }
        guard phase == .member, gossip.status(of: myself) == .leaving, !settings.mutations.contains(.leavesForEver)
        else { return }
        effects.append(.note(.leavesUnagreed))
        change(.command, at: now) { $0.setStatus(.exiting, of: $1) }
    }

    /// This node ends, whatever the others have agreed on: as its last word it declares itself down, and ended.
    ///
    /// All that ran here has stopped. So its vote is one for no side of any split, now or later, and the others need
    /// not count it as one that may be on another side.
    package mutating func onEnd(at now: Instant) -> [MembershipEffect] {
        guard phase == .member else { return [] }
        change(.command, at: now) { gossip, myself in
            gossip.setStatus(.down, of: myself)
            gossip.setRow(ReachabilityRow(subject: myself, verdict: .terminated), by: myself, of: myself)
        }
        return finish(at: now)
    }

    /// The last tasks of the exiting node (`runExitTasks`) are done.
    package mutating func onExitTasksDone(at now: Instant) -> [MembershipEffect] {
        guard phase == .member, departure.finishTasks() else { return [] }
        confirmExit()
        arm(.exit, at: now + (departure.isLast ? settings.lastExit * 2 : settings.exitTimeout))
        return finish(at: now)
    }

    /// Notifies the first three members that may be the leader.
    mutating func confirmExit() {
        if settings.mutations.contains(.leavesUnconfirmed) { return }
        let leaders = targets.filter { node in
            gossip.member(node).map { $0.status != .down && $0.status != .exiting } ?? false
        }
        let reported = leaders.isEmpty ? targets : leaders
        for node in reported.prefix(3) { effects.append(.send(.exitingConfirmed, to: node)) }
    }

    mutating func confirmed(by peer: UniqueAddress) {
        guard let status = gossip.status(of: peer), status == .exiting || status == .down else { return }
        if convergence.leavers.insertSorted(peer) { present.isDirty = true }
    }

    /// A member says that this node is not a member.
    ///
    /// A single one is believed: every member may declare another one down, which ends it as well. A node that joins
    /// believes those that it has asked.
    mutating func toldGone(by peer: UniqueAddress) {
        switch phase {
        case .member:
            guard gossip.hasMember(peer) else { return }
            pendingStop = departure.areTasksAsked ? .left : .removed
        case .contacting, .joining:
            guard join.contact == peer || join.founding.others.contains(peer.address) else { return }
            pendingStop = .refused(.removed)
        case .idle, .stopped: break
        }
    }

    /// Acts on what the state says about this node itself.
    mutating func lookAtMyself(at now: Instant) {
        guard phase == .member, pendingStop == nil else { return }
        switch gossip.status(of: myself) {
        case .down? where settings.mutations.contains(.survivesDown): break
        case .down?: pendingStop = .downed
        case nil: pendingStop = departure.areTasksAsked ? .left : .removed
        case .exiting?:
            if departure.begin() {
                effects.append(.runExitTasks)
                arm(.exit, at: now + settings.exitTimeout * 5)
            }
            if !gossip.members.contains(where: { $0.node != myself && $0.status == .up }), departure.beLast() {
                // The tasks cannot end, as no member is left to take over, and no member need know that this one goes.
                arm(.exit, at: min(armed(.exit) ?? .distantFuture, now + settings.lastExit * 2))
            }
        case .joining?, .weaklyUp?, .up?, .leaving?: break
        }
    }
}

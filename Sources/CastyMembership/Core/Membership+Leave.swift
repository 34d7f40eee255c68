package import CastyPrimitives

/// How far this node is with leaving.
struct ExitState: Sendable {
    var areTasksAsked = false
    var areTasksDone = false
}

extension Membership {
    /// This node wants to leave gracefully.
    package mutating func onLeave(at now: Instant) -> [MembershipEffect] {
        switch phase {
        case .idle, .contacting, .joining: pendingStop = .left
        case .member: change(.command, at: now) { $0.setStatus(.leaving, of: $1) }
        case .stopped: break
        }
        return finish(at: now)
    }

    /// The last tasks of the exiting node (`runExitTasks`) are done.
    package mutating func onExitTasksDone(at now: Instant) -> [MembershipEffect] {
        guard phase == .member, exit.areTasksAsked, !exit.areTasksDone else { return [] }
        exit.areTasksDone = true
        confirmExit()
        arm(.exit, at: now + settings.exitTimeout)
        return finish(at: now)
    }

    /// Tells the first three that may be the leader.
    mutating func confirmExit() {
        if settings.sabotage.contains(.leavesUnconfirmed) { return }
        let leaders = targets.filter { node in
            gossip.member(node).map { $0.status != .down && $0.status != .exiting } ?? false
        }
        let told = leaders.isEmpty ? targets : leaders
        for node in told.prefix(3) { effects.append(.send(.exitingConfirmed, to: node)) }
    }

    mutating func confirmed(by peer: UniqueAddress) {
        guard let status = gossip.member(peer)?.status, status == .exiting || status == .down else { return }
        if leavers.insertSorted(peer) { isDirty = true }
    }

    /// A member says that this node is none.
    mutating func toldGone(by peer: UniqueAddress) {
        switch phase {
        case .member:
            guard gossip.member(peer) != nil else { return }
            pendingStop = exit.areTasksAsked ? .left : .removed
        case .contacting, .joining: pendingStop = .refused(.removed)
        case .idle, .stopped: break
        }
    }

    /// What the state says about this node itself.
    mutating func lookAtMyself(at now: Instant) {
        guard phase == .member, pendingStop == nil else { return }
        switch gossip.member(myself)?.status {
        case .down? where settings.sabotage.contains(.survivesDown): break
        case .down?: pendingStop = .downed
        case nil: pendingStop = exit.areTasksAsked ? .left : .removed
        case .exiting?:
            if !exit.areTasksAsked {
                exit.areTasksAsked = true
                effects.append(.runExitTasks)
                // Where nobody is left to take over, the tasks never end; then the node goes without.
                arm(.exit, at: now + settings.exitTimeout * 5)
            }
        case .joining?, .weaklyUp?, .up?, .leaving?: break
        }
    }
}

package import CastyCore

extension Gossip {
    /// The members that cannot reach a subject.
    package func observers(of subject: UniqueAddress) -> [UniqueAddress] {
        reachability.compactMap { observer in
            observer.rows.contains { $0.subject == subject } && hasSay(observer.observer) ? observer.observer : nil
        }
    }

    /// Whether the rows of an observer count: those of an exiting or down member do not. They stay in the table until
    /// the member is removed, and it would never take them back.
    private func hasSay(_ observer: UniqueAddress) -> Bool {
        index(of: observer).map { members[$0].status < .exiting } ?? true
    }

    /// Whether at least one member knows that this incarnation has ended, because another one runs at its address.
    func isGone(_ subject: UniqueAddress) -> Bool {
        reachability.contains { observer in
            observer.rows.contains { $0.subject == subject && $0.verdict == .terminated }
        }
    }

    /// Whether this member has said itself that it has ended: it is down, and terminated by a row of its own.
    ///
    /// No other member's row says so: a process at the same address does not prove that this one has ended.
    package func hasEnded(_ node: UniqueAddress) -> Bool {
        status(of: node) == .down && row(by: node, of: node)?.verdict == .terminated
    }

    /// One observer's row about a subject; `nil` when it reaches the subject.
    package func row(by observer: UniqueAddress, of subject: UniqueAddress) -> ReachabilityRow? {
        rows(by: observer).sortedElement(of: subject, by: \.subject)
    }

    /// All rows of one observer, sorted by subject.
    func rows(by observer: UniqueAddress) -> [ReachabilityRow] {
        reachability.sortedElement(of: observer, by: \.observer)?.rows ?? []
    }

    /// The members that at least one member cannot reach, sorted: one observer is enough.
    package var unreachable: [UniqueAddress] {
        var isMarked: [Bool] = []
        for slot in reachability.indices where !reachability[slot].rows.isEmpty {
            let observer = reachability[slot]
            guard hasSay(observer.observer) else { continue }
            if isMarked.isEmpty { isMarked = Array(repeating: false, count: members.count) }
            for row in observer.rows {
                if let index = index(of: row.subject) { isMarked[index] = true }
            }
        }
        return isMarked.indices.filter { isMarked[$0] }.map { members[$0].node }
    }

    /// The lowest address among the members that are up or leaving and that all can reach; `myself` counts as reachable
    /// whatever others say. Where there is none, the lowest of the weakly up members, then of the joining, then of the
    /// exiting.
    package func leader(seenBy myself: UniqueAddress) -> UniqueAddress? {
        let unreachable = unreachable
        func first(_ isWanted: (MemberStatus) -> Bool) -> UniqueAddress? {
            let first = members.indices.first { index in
                guard isWanted(members[index].status) else { return false }
                return unreachable.isEmpty || members[index].node == myself
                    || !unreachable.sortedContains(members[index].node)
            }
            return first.map { members[$0].node }
        }
        return first(\.isVoting) ?? first { $0 == .weaklyUp } ?? first { $0 == .joining } ?? first { $0 == .exiting }
    }

    /// What keeps the cluster from acting on this version; empty when all members agree.
    ///
    /// - Parameter leavers: Members that have confirmed that they are done, sorted: the cluster does not wait for them.
    package func obstacles(seenBy myself: UniqueAddress, leavers: [UniqueAddress]) -> [ConvergenceObstacle] {
        var obstacles = unreachable.filter { isMissed($0, by: myself, leavers: leavers) }
            .map { ConvergenceObstacle.unreachable($0, by: observers(of: $0)) }
        for member in members where isAwaited(member, leavers: leavers) { obstacles.append(.notSeen(member.node)) }
        return obstacles
    }

    /// Whether there are no ``obstacles(seenBy:leavers:)``; much faster than listing them.
    func isAgreed(seenBy myself: UniqueAddress, leavers: [UniqueAddress]) -> Bool {
        !members.contains { isAwaited($0, leavers: leavers) }
            && !unreachable.contains { isMissed($0, by: myself, leavers: leavers) }
    }

    /// Whether the cluster waits until this unreachable member is back, or declared down.
    private func isMissed(_ node: UniqueAddress, by myself: UniqueAddress, leavers: [UniqueAddress]) -> Bool {
        guard node != myself, !leavers.sortedContains(node), let index = index(of: node) else { return false }
        return members[index].status != .down && members[index].status != .exiting
    }

    /// Whether the cluster waits until this member has seen the version.
    private func isAwaited(_ member: Member, leavers: [UniqueAddress]) -> Bool {
        if seen.sortedContains(member.node) || leavers.sortedContains(member.node) { return false }
        if member.status.isVoting { return true }
        // Before the first member is up, the joining and weakly up members stand in for the voters; otherwise two of
        // them could each take itself for the first.
        return member.status <= .weaklyUp && !members.contains { $0.status.isVoting }
    }
}

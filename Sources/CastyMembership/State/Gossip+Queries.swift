package import CastyPrimitives

extension Gossip {
    /// Those who say that they cannot reach a subject.
    package func observers(of subject: UniqueAddress) -> [UniqueAddress] {
        reachability.compactMap { observer in
            observer.rows.contains { $0.subject == subject } && hasSay(observer.observer) ? observer.observer : nil
        }
    }

    /// Whether it matters whom a node cannot reach: whoever is exiting or down has no say any more. What it said stays in the
    /// table until it is removed, and it would never take it back.
    private func hasSay(_ observer: UniqueAddress) -> Bool {
        member(observer).map { $0.status < .exiting } ?? true
    }

    /// What one observer says of a subject; `nil` when it reaches it.
    package func row(by observer: UniqueAddress, of subject: UniqueAddress) -> ReachabilityRow? {
        rows(by: observer).sortedElement(of: subject, by: \.subject)
    }

    /// All that one observer says, sorted by subject.
    func rows(by observer: UniqueAddress) -> [ReachabilityRow] {
        reachability.sortedElement(of: observer, by: \.observer)?.rows ?? []
    }

    /// The members that somebody cannot reach, sorted: one pessimist is enough.
    package var unreachable: [UniqueAddress] {
        var subjects: [UniqueAddress] = []
        for observer in reachability where !observer.rows.isEmpty && hasSay(observer.observer) {
            subjects = subjects.sortedUnion(observer.rows.map(\.subject))
        }
        return subjects.filter { member($0) != nil }
    }

    /// The lowest address among the members that are up or leaving and that everyone can reach, oneself included
    /// whatever others say; where there is none, the furthest of those on their way in, then whoever is there.
    package func leader(seenBy myself: UniqueAddress) -> UniqueAddress? {
        let unreachable = unreachable
        let present = members.filter {
            $0.status != .down && ($0.node == myself || !unreachable.sortedContains($0.node))
        }
        func first(_ isWanted: (MemberStatus) -> Bool) -> UniqueAddress? { present.first { isWanted($0.status) }?.node }
        return first(\.isVoting) ?? first { $0 == .weaklyUp } ?? first { $0 == .joining } ?? first { $0 == .exiting }
    }

    /// What keeps the cluster from acting on this version; empty when all agree.
    ///
    /// - Parameter leavers: Members that have confirmed that they are done, sorted: nobody waits for them.
    package func obstacles(seenBy myself: UniqueAddress, leavers: [UniqueAddress]) -> [ConvergenceObstacle] {
        var obstacles: [ConvergenceObstacle] = []
        for node in unreachable where node != myself && !leavers.contains(node) {
            guard let status = member(node)?.status, status != .down, status != .exiting else { continue }
            obstacles.append(.unreachable(node, by: observers(of: node)))
        }
        // Before the first member is up those on their way in take the place of the voters, or two of them could
        // each take itself for the first.
        let hasVoters = members.contains { $0.status.isVoting }
        for member in members where hasVoters ? member.status.isVoting : member.status <= .weaklyUp {
            if !seen.sortedContains(member.node), !leavers.sortedContains(member.node) {
                obstacles.append(.notSeen(member.node))
            }
        }
        return obstacles
    }

    /// The up-number of the next member that becomes up.
    var nextUpNumber: UInt32 {
        let (next, overflow) = (members.compactMap(\.upNumber).max() ?? 0).addingReportingOverflow(1)
        return overflow ? .max : next
    }
}

/// One reason why there is no convergence.
package enum ConvergenceObstacle: Hashable, Sendable {
    /// Someone cannot reach this member, and it is neither down nor on its way out.
    case unreachable(UniqueAddress, by: [UniqueAddress])
    /// This member is not known to have the present version.
    case notSeen(UniqueAddress)
}

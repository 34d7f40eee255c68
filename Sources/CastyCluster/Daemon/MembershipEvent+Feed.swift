import CastyCore
import CastyMembership
import CastyObservability

extension MembershipEvent {
    /// The kind of the event in the event feed.
    var eventKind: EventKind {
        switch kind {
        case .memberJoining: .memberJoining
        case .memberWeaklyUp: .memberWeaklyUp
        case .memberUp: .memberUp
        case .memberLeaving: .memberLeaving
        case .memberExiting: .memberExiting
        case .memberDown: .memberDown
        case .memberRemoved: .memberRemoved
        case .suspected: .suspected
        case .memberUnreachable: .memberUnreachable
        case .memberReachable: .memberReachable
        case .leaderChanged: .leaderChanged
        case .converged: .converged
        case .downingDecision: .downingDecision
        case .secondCluster: .secondCluster
        }
    }

    /// The node that the event was learned from, where that is another node.
    var source: UniqueAddress? {
        switch cause {
        case .welcome(let from, _), .gossip(let from, _), .goneNotice(let from), .probe(let from): from
        case .start, .join, .command, .leaderAction, .overdue, .silence, .heartbeat, .downing, .newIncarnation: nil
        }
    }

    /// Why it happened.
    func reason(_ name: (UniqueAddress) -> String) -> EventReason {
        switch kind {
        case .suspected(let phi, let silence): .membership(.silence(phi: phi, silence: silence))
        case .downingDecision(let decision): .downing(decision.reason)
        case .memberJoining, .memberWeaklyUp, .memberUp, .memberLeaving, .memberExiting, .memberDown, .memberRemoved,
            .memberUnreachable, .memberReachable, .leaderChanged, .converged, .secondCluster:
            .membership(cause.map(name))
        }
    }

    /// Further details.
    func detail(_ name: (UniqueAddress) -> String) -> EventDetail? {
        switch kind {
        case .memberUp(let number): .upNumber(Int(number))
        case .memberRemoved(let last): .lastStatus(last)
        case .memberUnreachable(let observers, let witness):
            .observers(observers.map(name), witness: witness.map(name))
        case .converged(let version): .version(version)
        case .secondCluster(let own, let other): .clusters(own: own, other: other)
        case .downingDecision(let decision): .downs(decision.down.map(name))
        case .memberJoining, .memberWeaklyUp, .memberLeaving, .memberExiting, .memberDown, .suspected, .memberReachable,
            .leaderChanged:
            nil
        }
    }

    /// The event for subscribers; `nil` for events that only the feed carries.
    ///
    /// - Parameter known: The member of an incarnation, as this node knows it or knew it before this step.
    func news(_ known: (UniqueAddress) -> Member?) -> ClusterEvent? {
        func subject(or status: MemberStatus) -> Member? {
            self.subject.map { known($0) ?? Member(node: $0, status: status) }
        }
        switch kind {
        case .memberJoining: return member.map { .memberJoined($0) }
        case .memberWeaklyUp: return member.map { .memberWeaklyUp($0) }
        case .memberUp: return member.map { .memberUp(MemberUp(member: $0)) }
        case .memberLeaving: return member.map { .memberLeaving($0) }
        case .memberExiting: return member.map { .memberExiting($0) }
        case .memberDown: return member.map { .memberDown($0) }
        case .memberRemoved(let last):
            guard var member = subject(or: last) else { return nil }
            member.status = last
            return .memberLeft(MemberLeft(member: member))
        case .memberUnreachable(let observers, _):
            return subject(or: .up).map { .unreachableMember(UnreachableMember(member: $0, observers: observers)) }
        case .memberReachable: return subject(or: .up).map { .reachableMember(ReachableMember(member: $0)) }
        case .leaderChanged: return .leaderChanged(subject(or: .up))
        case .suspected, .converged, .downingDecision, .secondCluster: return nil
        }
    }
}

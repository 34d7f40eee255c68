package import CastyCore

/// The cause of an event in this node's view, with the nodes by incarnation.
package typealias EventCause = MembershipCause<UniqueAddress>

/// A change in this node's view of the cluster. Each transition is published once.
package struct MembershipEvent: Hashable, Sendable {
    /// What changed.
    package enum Kind: Hashable, Sendable {
        case memberJoining
        case memberWeaklyUp
        case memberUp(upNumber: UInt32)
        case memberLeaving
        case memberExiting
        case memberDown
        case memberRemoved(lastStatus: MemberStatus)
        /// Phi of the subject, measured here, has crossed the lower threshold.
        case suspected(phi: Double, silence: Duration)
        /// The subject became unreachable; these observers cannot reach it.
        case memberUnreachable(observers: [UniqueAddress], witness: UniqueAddress?)
        /// All members can reach the subject again.
        case memberReachable
        /// The subject is the leader now; without a subject there is no leader.
        case leaderChanged
        /// All members that count have seen this version, and none of them is unreachable.
        case converged(version: UInt64)
        case downingDecision(DowningDecision)
        /// The subject is in another cluster of the same name.
        case secondCluster(own: ClusterClaim, other: ClusterClaim)
    }

    package let kind: Kind
    /// The member it is about.
    package let subject: UniqueAddress?
    /// The subject after this step, where its status changed; it may be further by now.
    package let member: Member?
    /// When this node saw it.
    package let at: Instant
    package let cause: EventCause

    package init(_ kind: Kind, subject: UniqueAddress?, member: Member? = nil, at: Instant, cause: EventCause) {
        self.kind = kind
        self.subject = subject
        self.member = member
        self.at = at
        self.cause = cause
    }

    /// The event's name in logs, in `--json` and in scenarios.
    package var name: String {
        switch kind {
        case .memberJoining: "member-joining"
        case .memberWeaklyUp: "member-weakly-up"
        case .memberUp: "member-up"
        case .memberLeaving: "member-leaving"
        case .memberExiting: "member-exiting"
        case .memberDown: "member-down"
        case .memberRemoved: "member-removed"
        case .suspected: "suspected"
        case .memberUnreachable: "member-unreachable"
        case .memberReachable: "member-reachable"
        case .leaderChanged: "leader-changed"
        case .converged: "converged"
        case .downingDecision: "downing-decision"
        case .secondCluster: "second-cluster"
        }
    }
}

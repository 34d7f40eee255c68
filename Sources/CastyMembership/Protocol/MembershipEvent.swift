package import CastyCore

/// Why something happened: what is needed to name the event, message or timer that led to it.
package enum EventCause: Hashable, Sendable {
    /// This node started, alone or as the founder of a cluster.
    case start
    /// A join came in from the subject.
    case join
    /// This node was welcomed by a peer and took over what it knew, version `version` (the total of its clock).
    case welcome(from: UniqueAddress, version: UInt64)
    /// A gossip from a peer said so.
    case gossip(from: UniqueAddress, version: UInt64)
    /// Someone at this node asked for it.
    case command
    /// This node did it as the leader, because all had seen version `version`.
    case leaderAction(version: UInt64)
    /// This node did it as the leader without the agreement of members that it cannot reach, because the deadline had passed.
    case overdue(version: UInt64)
    /// Silence: phi crossed the threshold.
    case silence(phi: Double, silence: Duration)
    /// An answer came in again.
    case heartbeat
    /// A downing decision of this node.
    case downing
    /// Another incarnation runs at the subject's place.
    case newIncarnation(UniqueAddress?)
    /// A peer said that this node is no member any more.
    case goneNotice(from: UniqueAddress)
    /// A probe of a peer, or its answer to one.
    case probe(of: UniqueAddress)
}

/// Something that changed in this node's view of the cluster. Each transition is told once.
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
        /// The first observers say that they cannot reach the subject.
        case memberUnreachable(observers: [UniqueAddress], witness: UniqueAddress?)
        /// Everyone can reach the subject again.
        case memberReachable
        /// The subject is the leader now; without a subject nobody is.
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
    /// The subject as this step has left it, where its status changed: it may have gone further since.
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

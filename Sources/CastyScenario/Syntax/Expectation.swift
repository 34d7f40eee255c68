package import CastyObservability

/// `expect WHAT [on SCOPE] [within TIME]`.
package struct Expect: Hashable, Sendable {
    package var expectation: Expectation
    /// The nodes whose views are checked; only if ``Expectation/hasScope``.
    package var scope: Scope
    /// The time limit for it to hold; without one, it is checked at once.
    package var within: Duration?

    package init(_ expectation: Expectation, on scope: Scope = .all, within: Duration? = nil) {
        self.expectation = expectation
        self.scope = scope
        self.within = within
    }
}

/// The nodes whose views an expectation is about.
package enum Scope: Hashable, Sendable {
    /// Every running node, without frozen and stopped ones.
    case all
    /// Each of these.
    case nodes([NodeName])
}

/// A statement about a cluster that is true or false.
package enum Expectation: Hashable, Sendable {
    /// `members n1,n3 up`: the view contains exactly these members, each of them ``NodeCondition/up``.
    case members([NodeName])
    /// `n2 down`: each of the nodes is in that condition in the view.
    case nodes([NodeName], NodeCondition)
    /// `leader n1`.
    case leader(NodeName)
    /// `coordinator n3`.
    case coordinator(NodeName)
    /// `converged`: the nodes in scope are up in one cluster, with one version, seen by all, and none is unreachable.
    case converged
    /// `stopped n3`: each of the nodes has stopped.
    case stopped([NodeName])
    /// `shards balanced by 1`: the highest and the lowest number of shards on a node differ by at most that.
    case balanced(by: Int)
    /// `shard 12 on n3`.
    case shard(Int, on: NodeName)
    /// `entity account-7 on n3`.
    case entity(EntityName, on: NodeName)
    /// `lost 0`: exactly that many user envelopes ended without being handled since the start.
    case lost(Int)
    /// `no member-unreachable`: no such event since the mark.
    case no(EventKind, since: Mark)
    /// `single-activation`: no two instances of an entity ever handled messages in overlapping intervals.
    case singleActivation

    /// The start of the counting for `expect no EVENT`.
    package enum Mark: Hashable, Sendable {
        /// The time when the last `within` expectation was met, or the start if there was none.
        case lastMet
        /// The start of the run.
        case start
    }

    /// The default limit for the difference between two nodes' shard counts.
    package static let defaultBalance = 1

    /// Whether it is about the nodes' views, so that `on` is allowed.
    package var hasScope: Bool {
        switch self {
        case .members, .nodes, .leader, .coordinator, .converged: true
        case .stopped, .balanced, .shard, .entity, .lost, .no, .singleActivation: false
        }
    }

    /// Whether it can become true later, so that `within` is allowed.
    package var canBeAwaited: Bool {
        switch self {
        case .members, .nodes, .leader, .coordinator, .converged, .stopped, .balanced, .shard, .entity, .lost: true
        case .no, .singleActivation: false
        }
    }
}

/// The condition of a node's latest incarnation in a view.
package enum NodeCondition: String, CaseIterable, Hashable, Sendable {
    /// A member with the status up, and reachable.
    case up
    /// A member that some observer cannot reach, and that is not down.
    case unreachable
    /// A member with the status down, still in the view.
    case down
    /// No incarnation of it is in the view.
    case removed
}

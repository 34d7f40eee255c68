package import CastyObservability

/// `expect WHAT [on SCOPE] [within TIME]`.
package struct Expect: Hashable, Sendable {
    package var expectation: Expectation
    /// Whose views are asked; only for what ``Expectation/hasScope`` says.
    package var scope: Scope
    /// How long to wait for it to hold; without one it is checked at once.
    package var within: Duration?

    package init(_ expectation: Expectation, on scope: Scope = .all, within: Duration? = nil) {
        self.expectation = expectation
        self.scope = scope
        self.within = within
    }
}

/// Whose views an expectation is about.
package enum Scope: Hashable, Sendable {
    /// Every node that runs, is not frozen and has not stopped.
    case all
    /// Each of these.
    case nodes([NodeName])
}

/// Something that is true of a cluster or not.
package enum Expectation: Hashable, Sendable {
    /// `members n1,n3 up`: the view holds exactly these members, each of them ``NodeCondition/up``.
    case members([NodeName])
    /// `n2 down`: each of the nodes is in that condition in the view.
    case nodes([NodeName], NodeCondition)
    /// `leader n1`.
    case leader(NodeName)
    /// `coordinator n3`.
    case coordinator(NodeName)
    /// `converged`: the nodes in scope are up in one cluster, with one version, seen by all, none unreachable.
    case converged
    /// `stopped n3`: each of the nodes has stopped.
    case stopped([NodeName])
    /// `shards balanced by 1`: the greatest and the least number of shards on a node differ by at most that.
    case balanced(by: Int)
    /// `shard 12 on n3`.
    case shard(Int, on: NodeName)
    /// `entity account-7 on n3`.
    case entity(EntityName, on: NodeName)
    /// `lost 0`: exactly that many user envelopes ended unhandled since the start.
    case lost(Int)
    /// `no member-unreachable`: no such event since the mark.
    case no(EventKind, since: Mark)
    /// `single-activation`: no two instances of an entity ever handled messages in overlapping intervals.
    case singleActivation

    /// Where the counting of `expect no EVENT` begins.
    package enum Mark: Hashable, Sendable {
        /// The last `within` expectation that was met, or the start if there was none.
        case lastMet
        /// The start of the run.
        case start
    }

    /// How far two nodes' shard counts may differ unless `by` says otherwise.
    package static let defaultBalance = 1

    /// Whether it is about what nodes see, so that `on` makes sense.
    package var hasScope: Bool {
        switch self {
        case .members, .nodes, .leader, .coordinator, .converged: true
        case .stopped, .balanced, .shard, .entity, .lost, .no, .singleActivation: false
        }
    }

    /// Whether it can come true by waiting, so that `within` makes sense.
    package var canBeAwaited: Bool {
        switch self {
        case .members, .nodes, .leader, .coordinator, .converged, .stopped, .balanced, .shard, .entity, .lost: true
        case .no, .singleActivation: false
        }
    }
}

/// How the newest incarnation of a node appears in a view.
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

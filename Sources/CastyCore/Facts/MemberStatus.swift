/// The status of a member in the cluster.
///
/// ```
/// joining ──▶ weaklyUp ──▶ up ──▶ leaving ──▶ exiting ──▶ removed
///    │            │         │        │           │           ▲
///    └────────────┴─────────┴──▶  down  ◀────────┘───────────┘
/// ```
///
/// Being unreachable is not a status: the reachability table records it, beside the status. A removed member is not in
/// the gossip any more; it leaves a tombstone. The cases are in the order in which one status beats another in a merge.
public enum MemberStatus: UInt8, Hashable, Sendable, Codable, CaseIterable {
    /// Known to the cluster, but not yet voting.
    case joining
    /// Let in while the cluster cannot agree; hosts nothing and has no vote.
    case weaklyUp
    /// A full member.
    case up
    /// Has asked to leave.
    case leaving
    /// All members know that it leaves; it finishes its last tasks.
    case exiting
    /// Declared dead; it never comes back under the same incarnation.
    case down

    /// Whether a member may change from this status to another one.
    public func mayBecome(_ next: MemberStatus) -> Bool {
        switch (self, next) {
        case (.joining, .weaklyUp), (.joining, .up), (.joining, .leaving), (.joining, .down): true
        case (.weaklyUp, .up), (.weaklyUp, .leaving), (.weaklyUp, .down): true
        case (.up, .leaving), (.up, .down): true
        case (.leaving, .exiting), (.leaving, .down): true
        case (.exiting, .down): true
        case (.joining, _), (.weaklyUp, _), (.up, _), (.leaving, _), (.exiting, _), (.down, _): false
        }
    }

    /// Whether a member of this status takes part in decisions: it must have seen a version before the cluster acts on
    /// it, and it has a vote when the cluster is split.
    public var isVoting: Bool { self == .up || self == .leaving }
}

extension MemberStatus: Comparable {
    /// Compares by how far a member has come.
    public static func < (left: MemberStatus, right: MemberStatus) -> Bool { left.rawValue < right.rawValue }
}

extension MemberStatus: CustomStringConvertible {
    /// The word used in the scenario language and on screens.
    public var description: String {
        switch self {
        case .joining: "joining"
        case .weaklyUp: "weakly-up"
        case .up: "up"
        case .leaving: "leaving"
        case .exiting: "exiting"
        case .down: "down"
        }
    }
}

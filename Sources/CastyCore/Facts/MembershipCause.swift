/// Why a node's view of the membership changed: enough to name the event, message or timer that led to it.
///
/// - `Node` is an incarnation where the core decides, and a short name in the event feed.
public enum MembershipCause<Node: Hashable & Sendable>: Hashable, Sendable {
    /// This node started, alone or as the founder of a cluster.
    case start
    /// A join came in from the subject.
    case join
    /// A peer welcomed this node, which took over its state, version `version` (the total of its clock).
    case welcome(from: Node, version: UInt64)
    /// A gossip from a peer.
    case gossip(from: Node, version: UInt64)
    /// A person or program at this node requested it.
    case command
    /// This node acted as the leader, because all had seen version `version`.
    case leaderAction(version: UInt64)
    /// This node acted as the leader without the agreement of members that it cannot reach, because the deadline had
    /// passed.
    case overdue(version: UInt64)
    /// Silence: phi crossed the threshold.
    case silence(phi: Double, silence: Duration)
    /// A peer answered heartbeats again.
    case heartbeat
    /// A downing decision of this node.
    case downing
    /// Another incarnation runs at the subject's address.
    case newIncarnation(Node?)
    /// A peer said that this node is no longer a member.
    case goneNotice(from: Node)
    /// A probe from a peer, or its answer to one.
    case probe(of: Node)
}

extension MembershipCause: Codable where Node: Codable {}

extension MembershipCause {
    /// The same cause with another form of the nodes in it.
    public func map<Other>(_ transform: (Node) -> Other) -> MembershipCause<Other> {
        switch self {
        case .start: .start
        case .join: .join
        case .welcome(let from, let version): .welcome(from: transform(from), version: version)
        case .gossip(let from, let version): .gossip(from: transform(from), version: version)
        case .command: .command
        case .leaderAction(let version): .leaderAction(version: version)
        case .overdue(let version): .overdue(version: version)
        case .silence(let phi, let silence): .silence(phi: phi, silence: silence)
        case .heartbeat: .heartbeat
        case .downing: .downing
        case .newIncarnation(let node): .newIncarnation(node.map(transform))
        case .goneNotice(let from): .goneNotice(from: transform(from))
        case .probe(let node): .probe(of: transform(node))
        }
    }
}

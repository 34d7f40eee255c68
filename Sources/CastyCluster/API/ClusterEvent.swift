public import CastyCore
public import CastyMembership

/// A change in this node's view of the cluster, told once to everyone who subscribed.
public enum ClusterEvent: Hashable, Sendable {
    /// A node asked to join and was let in; it is not up yet.
    case memberJoined(Member)
    /// A node is useful although the cluster cannot converge.
    case memberWeaklyUp(Member)
    /// A node is a full member.
    case memberUp(MemberUp)
    /// A member has asked to go.
    case memberLeaving(Member)
    /// All know that a member goes; it ends its last tasks.
    case memberExiting(Member)
    /// A member was declared dead.
    case memberDown(Member)
    /// A member was removed: it left, or was down.
    case memberLeft(MemberLeft)
    /// Somebody cannot reach a member.
    case unreachableMember(UnreachableMember)
    /// Everybody can reach it again.
    case reachableMember(ReachableMember)
    /// Another member leads; `nil` while nobody can.
    case leaderChanged(UniqueAddress?)
}

/// A member became a full one.
public struct MemberUp: Hashable, Sendable {
    /// The member; its `upNumber` tells its age.
    public let member: Member
}

/// A member was removed.
public struct MemberLeft: Hashable, Sendable {
    /// Who it was.
    public let node: UniqueAddress
    /// Its last status: `exiting` for one that left, `down` for one that was declared dead.
    public let lastStatus: MemberStatus
}

/// A member cannot be reached.
public struct UnreachableMember: Hashable, Sendable {
    /// Whom.
    public let node: UniqueAddress
    /// Who says so.
    public let observers: [UniqueAddress]
}

/// A member can be reached again.
public struct ReachableMember: Hashable, Sendable {
    /// Whom.
    public let node: UniqueAddress
}

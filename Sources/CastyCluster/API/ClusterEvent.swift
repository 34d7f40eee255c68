public import CastyCore
public import CastyMembership

/// A change in this node's view of the cluster, sent once to each subscriber.
public enum ClusterEvent: Hashable, Sendable {
    /// A node asked to join and was let in; it is not up yet.
    case memberJoined(Member)
    /// A node was let in although the cluster cannot converge; it hosts nothing and has no vote.
    case memberWeaklyUp(Member)
    /// A node is a full member.
    case memberUp(MemberUp)
    /// A member has asked to leave.
    case memberLeaving(Member)
    /// All members know that a member leaves; it ends its last tasks.
    case memberExiting(Member)
    /// A member was declared dead.
    case memberDown(Member)
    /// A member was removed: it left, or was down.
    case memberLeft(MemberLeft)
    /// Some member cannot reach another one.
    case unreachableMember(UnreachableMember)
    /// All members can reach it again.
    case reachableMember(ReachableMember)
    /// Another member is the leader; `nil` while there is none.
    case leaderChanged(UniqueAddress?)
}

/// A member became a full member.
public struct MemberUp: Hashable, Sendable {
    /// The member; its `upNumber` gives its age.
    public let member: Member
}

/// A member was removed.
public struct MemberLeft: Hashable, Sendable {
    /// The removed member.
    public let node: UniqueAddress
    /// Its last status: `exiting` for one that left, `down` for one that was declared dead.
    public let lastStatus: MemberStatus
}

/// A member cannot be reached.
public struct UnreachableMember: Hashable, Sendable {
    /// The member.
    public let node: UniqueAddress
    /// The members that cannot reach it.
    public let observers: [UniqueAddress]
}

/// A member can be reached again.
public struct ReachableMember: Hashable, Sendable {
    /// The member.
    public let node: UniqueAddress
}

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
    case leaderChanged(Member?)

    /// The member that the event is about, as it is after the change; `nil` where there is no leader.
    public var member: Member? {
        switch self {
        case .memberJoined(let member), .memberWeaklyUp(let member), .memberLeaving(let member),
            .memberExiting(let member), .memberDown(let member):
            member
        case .memberUp(let event): event.member
        case .memberLeft(let event): event.member
        case .unreachableMember(let event): event.member
        case .reachableMember(let event): event.member
        case .leaderChanged(let member): member
        }
    }
}

/// A member became a full member.
public struct MemberUp: Hashable, Sendable {
    /// The member; its `upNumber` gives its age.
    public let member: Member

    /// Creates the event, for tests of handlers.
    public init(member: Member) { self.member = member }
}

/// A member was removed.
public struct MemberLeft: Hashable, Sendable {
    /// The removed member as it was last: its status is `exiting` if it left, `down` if it was declared dead.
    public let member: Member

    /// The removed incarnation.
    public var node: UniqueAddress { member.node }
    /// Its last status.
    public var lastStatus: MemberStatus { member.status }

    /// Creates the event, for tests of handlers.
    public init(member: Member) { self.member = member }
}

/// A member cannot be reached.
public struct UnreachableMember: Hashable, Sendable {
    /// The member.
    public let member: Member
    /// The members that cannot reach it.
    public let observers: [UniqueAddress]

    /// Its incarnation.
    public var node: UniqueAddress { member.node }

    /// Creates the event, for tests of handlers.
    public init(member: Member, observers: [UniqueAddress]) {
        self.member = member
        self.observers = observers
    }
}

/// A member can be reached again.
public struct ReachableMember: Hashable, Sendable {
    /// The member.
    public let member: Member

    /// Its incarnation.
    public var node: UniqueAddress { member.node }

    /// Creates the event, for tests of handlers.
    public init(member: Member) { self.member = member }
}

public import CastyCore
public import CastyMembership

/// This node's view of the cluster, as a value.
public struct ClusterState: Hashable, Sendable {
    /// All known members, by address.
    public var members: [Member] = []
    /// The members that at least one member cannot reach.
    public var unreachable: [UniqueAddress] = []
    /// The leader, in this view.
    public var leader: UniqueAddress?
    /// The oldest member that is up.
    public var oldest: UniqueAddress?
    /// Whether all members have seen this view and nothing keeps the leader from acting.
    public var isConverged = false
    /// The unreachable members for which this node has no evidence of its own to the contrary: it has marked them
    /// itself, or does not monitor them.
    package var silent: [UniqueAddress] = []
    /// Removed members that this node still remembers.
    package var removed: [UniqueAddress] = []

    /// The members that are up.
    public var up: [Member] { members.filter { $0.status == .up } }

    /// The member with that identity.
    public func member(_ node: UniqueAddress) -> Member? { members.first { $0.node == node } }
}

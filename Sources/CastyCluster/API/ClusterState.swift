public import CastyCore
public import CastyMembership

/// This node's view of the cluster, as a value.
public struct ClusterState: Hashable, Sendable {
    /// All members known, by address.
    public var members: [Member] = []
    /// Those that somebody cannot reach.
    public var unreachable: [UniqueAddress] = []
    /// The member that leads, in this view.
    public var leader: UniqueAddress?
    /// The oldest member that is up.
    public var oldest: UniqueAddress?
    /// Whether all have seen this view and nothing stands in the leader's way.
    public var isConverged = false
    /// Those of the unreachable that this node does not know better about: it holds them unreachable itself, or does not watch them.
    package var silent: [UniqueAddress] = []
    /// Removed members that this node still remembers.
    package var removed: [UniqueAddress] = []

    /// The members that are up.
    public var up: [Member] { members.filter { $0.status == .up } }

    /// The member of that identity.
    public func member(_ node: UniqueAddress) -> Member? { members.first { $0.node == node } }
}

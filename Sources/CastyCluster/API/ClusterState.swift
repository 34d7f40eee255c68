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
    /// The number of changes that the view includes: it grows with every change. Two nodes with the same number have
    /// the same view, except while both have changes that the other lacks.
    public var version: UInt64 = 0
    /// The members that are known to have this version, by address.
    public var seenBy: [UniqueAddress] = []
    /// The unreachable members for which this node has no evidence of its own to the contrary: it has marked them
    /// itself, or does not monitor them.
    package var silent: [UniqueAddress] = []
    /// Removed members that this node still remembers.
    package var removed: [UniqueAddress] = []
    /// For each of them: the last proof that can have prolonged its lease, in this node's time.
    package var lastProofs: [Instant] = []

    /// Creates a view, for tests of handlers.
    ///
    /// - Parameters:
    ///   - members: All known members; sorted here.
    ///   - unreachable: The members that at least one member cannot reach.
    ///   - leader: The leader.
    ///   - oldest: The oldest member that is up; found among the members by default.
    ///   - isConverged: Whether all members have seen this view.
    ///   - version: The number of changes that the view includes.
    ///   - seenBy: The members that are known to have this version.
    public init(
        members: [Member] = [], unreachable: [UniqueAddress] = [], leader: UniqueAddress? = nil,
        oldest: UniqueAddress? = nil, isConverged: Bool = false, version: UInt64 = 0, seenBy: [UniqueAddress] = []
    ) {
        self.members = members.sorted { $0.node < $1.node }
        self.unreachable = unreachable
        self.leader = leader
        self.oldest = oldest ?? self.members.filter { $0.status == .up }.min { $0.isOlder(than: $1) }?.node
        self.isConverged = isConverged
        self.version = version
        self.seenBy = seenBy
    }

    /// The members that are up.
    public var up: [Member] { members.filter { $0.status == .up } }

    /// The member with that identity.
    public func member(_ node: UniqueAddress) -> Member? { members.first { $0.node == node } }
}

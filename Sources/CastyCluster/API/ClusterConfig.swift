public import CastyCore
public import CastyMembership

/// How a node takes part in a cluster.
public struct ClusterConfig: Sendable {
    /// Where to ask for admission: the same set on every node, in any order; a node with others is refused. A majority of them can found the
    /// cluster, so name three, or one. A cluster of which a minority of the seeds is left goes on, and lets nodes in.
    public var seeds: [NodeAddress]
    /// What this node can do: names that placement and settings refer to.
    public var roles: [String]
    /// Timings and strategies.
    package var settings: MembershipSettings
    /// Settings that all nodes must share; a node with others is refused.
    package var shared: [SharedSetting]
    /// What the downing strategy ``CastyMembership/DowningStrategy/leaseMajority(role:)`` asks; the same place for every node.
    public var majorityLease: (any MajorityLease)?
    /// Whether this node founds the cluster, because it has never run before, as only you can know. True on one node at most, and only for its first
    /// start. Otherwise, as it is usual, a majority of ``seeds`` founds a cluster when they have found each other and none of them is in one.
    ///
    /// Where the node remembers a cluster it asks all the same: it joins that one if it runs, and founds it again without those members that do not
    /// answer for long, which is the way on after a machine was lost in an outage of all.
    public var isFirstStart: Bool

    /// Where this node remembers the cluster from one process to the next; by default nowhere.
    public var memory: (any ClusterMemory)?
    /// The store that belongs to the cluster; the same for every node, or none.
    public var store: (any ClusterStore)?

    /// Whether this cluster ends where it meets another one of its name that is bigger, or older; otherwise both only report it.
    public var endsSecondClusters: Bool {
        get { settings.endsSecondClusters }
        set { settings.endsSecondClusters = newValue }
    }

    package init(
        seeds: [NodeAddress], roles: [String] = [], settings: MembershipSettings, shared: [SharedSetting] = [],
        majorityLease: (any MajorityLease)? = nil, isFirstStart: Bool = false
    ) {
        self.seeds = seeds
        self.roles = roles
        self.settings = settings
        self.shared = shared
        self.majorityLease = majorityLease
        self.isFirstStart = isFirstStart
    }

    /// Who stays when members cannot reach each other; the same on every node, or it is refused when it joins.
    public var downing: DowningStrategy {
        get { settings.strategy }
        set { settings.strategy = newValue }
    }

    /// Whether everyone goes where the view has not come to rest for too long (15 s with the timings ``responsive(seeds:roles:)``, a
    /// minute with ``lan(seeds:roles:)``), because links flap. Otherwise ``downing`` decides then by what is seen at that moment. The same on every node.
    public var downsAllWhenUnstable: Bool {
        get { settings.downAllWhenUnstable }
        set { settings.downAllWhenUnstable = newValue }
    }

    /// Demands that all nodes of the cluster agree on something, such as the number of shards of a type: a node that has another value for
    /// the name, or none, is refused when it joins.
    public mutating func require(_ name: String, _ value: String) { shared.append(SharedSetting(name, value)) }

    /// Timings for machines in one network: a crash is noticed after about four seconds.
    public static func lan(seeds: [NodeAddress], roles: [String] = []) -> ClusterConfig {
        ClusterConfig(seeds: seeds, roles: roles, settings: .lan)
    }

    /// Timings for one machine, or for people watching: a crash is noticed after about a second and a half.
    public static func responsive(seeds: [NodeAddress], roles: [String] = []) -> ClusterConfig {
        ClusterConfig(seeds: seeds, roles: roles, settings: .responsive)
    }
}

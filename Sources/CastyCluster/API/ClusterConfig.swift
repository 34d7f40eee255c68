public import CastyCore
public import CastyMembership

/// How a node takes part in a cluster.
public struct ClusterConfig: Sendable {
    /// The addresses at which to ask for admission: the same set on every node, in any order; a node with a different
    /// set is refused. A majority of them can found the cluster, so name three, or one. A cluster of which only a
    /// minority of the seeds is left goes on, and lets nodes in.
    public var seeds: [NodeAddress]
    /// What this node can do: names that placement and settings refer to.
    public var roles: [String]
    /// Timings and strategies.
    package var settings: MembershipSettings
    /// Settings that all nodes must share; a node with different ones is refused.
    package var shared: [SharedSetting]
    /// The lease that the downing strategy ``CastyMembership/DowningStrategy/leaseMajority(role:)`` uses; the same
    /// record for every node.
    public var majorityLease: (any MajorityLease)?
    /// Whether this node founds the cluster because the cluster has never run before, which only you can know. True on
    /// one node at most, and only for its first start. Otherwise, the usual case, a majority of ``seeds`` founds a
    /// cluster when they have found each other and none of them is in one.
    ///
    /// A node that remembers a cluster asks in any case. It joins that cluster if it runs. Otherwise it founds it again
    /// without the members that do not answer for long; use this when a machine was lost in an outage of all nodes.
    public var isFirstStart: Bool

    /// Where this node stores which cluster it is in, across runs of its process; by default nowhere.
    public var memory: (any ClusterMemory)?
    /// The store that belongs to the cluster; the same for every node, or none.
    public var store: (any ClusterStore)?

    /// Whether this cluster ends where it meets another one of its name that is bigger or older; otherwise both only
    /// report it.
    public var endsSecondClusters: Bool {
        get { settings.endsSecondClusters }
        set { settings.endsSecondClusters = newValue }
    }

    /// Describes how a node takes part in a cluster.
    ///
    /// - Parameters:
    ///   - seeds: The addresses at which to ask for admission; with none the node is its only seed, and founds a cluster
    ///     of its own.
    ///   - roles: What this node can do.
    ///   - timings: The times that the membership works with; the same on all nodes.
    ///   - downing: Which members stay when members cannot reach each other; the same on all nodes.
    ///   - minimumMembers: How many members there must be before the first ones become up, at least 1; the same on all
    ///     nodes.
    ///   - memory: Where this node stores which cluster it is in.
    public init(
        seeds: [NodeAddress] = [], roles: [String] = [], timings: ClusterTimings = .lan,
        downing: DowningStrategy = .keepMajority(), minimumMembers: Int = 1, memory: (any ClusterMemory)? = nil
    ) {
        self.init(seeds: seeds, roles: roles, settings: timings.settings)
        self.downing = downing
        self.minimumMembers = minimumMembers
        self.memory = memory
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

    /// The times that the membership works with; the same on all nodes.
    public var timings: ClusterTimings {
        get { ClusterTimings(settings) }
        set {
            let old = settings
            settings = newValue.settings
            // What belongs to the configuration and not to the timings.
            (settings.strategy, settings.downAllWhenUnstable) = (old.strategy, old.downAllWhenUnstable)
            (settings.minMembers, settings.minMembersOfRole) = (old.minMembers, old.minMembersOfRole)
            (settings.endsSecondClusters, settings.mutations) = (old.endsSecondClusters, old.mutations)
        }
    }

    /// How many members there must be before the first ones become up, at least 1; the same on all nodes.
    public var minimumMembers: Int {
        get { settings.minMembers }
        set { settings.minMembers = newValue }
    }

    /// The name by which all nodes find their seeds, where lists of addresses may differ: nodes that found a cluster
    /// need the same list, nodes that join one need the same name.
    package var seedsName: String? {
        get { shared.first { $0.name == SharedSetting.seedsName }?.value }
        set {
            shared.removeAll { $0.name == SharedSetting.seedsName }
            if let newValue { shared.append(SharedSetting(SharedSetting.seedsName, newValue)) }
        }
    }

    /// The first value that cannot work: its name, the value, and what is possible; `nil` if all can.
    public var problem: String? {
        if minimumMembers < 1 { return "minimumMembers is \(minimumMembers): it must be at least 1" }
        if let problem = timings.problem(under: downing) { return "timings.\(problem)" }
        if downing.needsLease, majorityLease == nil { return "downing is \(downing): it needs a majorityLease" }
        if let role = roles.first(where: { $0.isEmpty || $0.utf8.count > 255 }) {
            return "roles holds \"\(role.prefix(40))\": a role has 1 to 255 bytes"
        }
        return settings.problems.first
    }

    /// Which members stay when members cannot reach each other; the same on every node, or the node is refused when it
    /// joins.
    public var downing: DowningStrategy {
        get { settings.strategy }
        set { settings.strategy = newValue }
    }

    /// Whether all members go down where the view does not become stable for too long, because links flap (15 s with
    /// ``responsive(seeds:roles:)``, a minute with ``lan(seeds:roles:)``, two with ``wan(seeds:roles:)``). Otherwise ``downing`` then decides by the
    /// view at that moment. The same on every node.
    public var downsAllWhenUnstable: Bool {
        get { settings.downAllWhenUnstable }
        set { settings.downAllWhenUnstable = newValue }
    }

    /// Requires that all nodes of the cluster agree on a value, such as the number of shards of a type: a node that has
    /// another value for the name, or none, is refused when it joins.
    public mutating func require(_ name: String, _ value: String) { shared.append(SharedSetting(name, value)) }

    /// Timings for machines far apart, over links that lose packets: a crash is noticed after about nine seconds.
    public static func wan(seeds: [NodeAddress], roles: [String] = []) -> ClusterConfig {
        ClusterConfig(seeds: seeds, roles: roles, settings: .wan)
    }

    /// Timings for machines in one network: a crash is noticed after about four seconds.
    public static func lan(seeds: [NodeAddress], roles: [String] = []) -> ClusterConfig {
        ClusterConfig(seeds: seeds, roles: roles, settings: .lan)
    }

    /// Timings for one machine, or for demonstrations: a crash is noticed after about a second and a half.
    public static func responsive(seeds: [NodeAddress], roles: [String] = []) -> ClusterConfig {
        ClusterConfig(seeds: seeds, roles: roles, settings: .responsive)
    }
}

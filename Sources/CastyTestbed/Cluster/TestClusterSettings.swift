package import CastyMembership
package import CastyPlacement
package import CastyRemoting
import CastySharding

/// What a testbed is set up with.
package struct TestClusterSettings: Sendable {
    /// Timings and strategies of the membership.
    package var membership: MembershipSettings
    /// The entities that the nodes offer; with none they are members and nothing else.
    package var samples = SampleEntity.allCases
    /// How many shards each sample type has.
    package var shards: Int
    /// The name of the cluster.
    package var cluster: String
    /// The first port to try; all nodes listen on the same one, each on a host of its own.
    package var port: Int
    /// How long a region waits for an answer before it asks again; `nil` for the default.
    package var regionRetry: Duration?
    /// How often the coordinator looks whether the shards are balanced; `nil` for the default.
    package var rebalanceCheck: Duration?
    /// An entity that got no message for so long goes to sleep; `nil` for never.
    package var idlePassivation: Duration?
    /// So many entities of a type may be awake on one node; `nil` for any number.
    package var awakeLimit: Int?
    /// Which goes to sleep first where there are more.
    package var passivationPolicy = PassivationSettings.Policy.leastRecentlyUsed
    /// Accounts come back without a message after a move or a crash.
    package var remembersAccounts = false
    /// How many nodes there are going to be: a static quorum is more than half of them.
    package var nodes = 3
    /// Messages that one region keeps at most; `nil` for the default.
    package var bufferLimit: Int?
    /// Bugs of sharding that are switched on.
    package var shardingMutations: PlacementMutation = []
    /// The seed list of every node, by number; empty for the nodes that are started first.
    package var seeds: [Int] = []
    /// The roles that nodes have from their start on, by number.
    package var roles: [Int: [String]] = [:]
    /// The role that hosts accounts; `nil` for all members.
    package var accountRole: String?
    /// Whether nodes remember their cluster across restarts.
    package var remembersCluster = false
    /// Whether the built-in singleton runs.
    package var runsSingleton = false
    /// The role that runs the built-in singleton; `nil` for all members.
    package var singletonRole: String?
    /// How nodes talk to each other.
    package var remoting = RemotingSettings()
    /// How long an ask waits that does not say it.
    package var askTimeout = Duration.seconds(10)

    package init(
        membership: MembershipSettings = .responsive, shards: Int = 24, cluster: String = "casty", port: Int = 25_520
    ) {
        self.membership = membership
        self.shards = shards
        self.cluster = cluster
        self.port = port
    }

    /// What the placement of one sample type is set up with.
    func placement(of sample: SampleEntity) -> PlacementSettings {
        var placement = placement
        if sample == .account { placement.role = accountRole }
        return placement
    }

    /// What each sample type's placement is set up with.
    package var placement: PlacementSettings {
        var placement = PlacementSettings(membership, shards: shards)
        if let bufferLimit { placement.bufferLimit = bufferLimit }
        placement.mutations = shardingMutations
        if let regionRetry { placement.retry = regionRetry }
        if let rebalanceCheck { placement.rebalanceInterval = rebalanceCheck }
        placement.passivation = PassivationSettings(
            idle: idlePassivation, limit: awakeLimit, policy: passivationPolicy)
        return placement
    }
}

/// Why a testbed could not do what it was asked.
package struct TestClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For a person: what is wrong, and what to do.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

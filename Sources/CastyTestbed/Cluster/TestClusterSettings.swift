import CastyCore
package import CastyMembership
package import CastyPlacement
package import CastyRemoting
package import CastyScenario
import CastySharding

/// The settings of a testbed.
package struct TestClusterSettings: Sendable {
    /// The timings and strategies of the membership.
    package var membership: MembershipSettings
    /// The sample types that the nodes offer; if empty, the nodes are plain members.
    package var samples = SampleEntity.allCases
    /// The number of shards of each sample type.
    package var shards: Int
    /// The name of the cluster.
    package var cluster: String
    /// The first port to try. All nodes use the same port, each on its own host.
    package var port: Int
    /// How long a region waits for an answer before it asks again; `nil` for the default.
    package var regionRetry: Duration?
    /// How often the coordinator checks the balance of the shards; `nil` for the default.
    package var rebalanceCheck: Duration?
    /// How long an entity stays awake without a message; `nil` for no limit.
    package var idlePassivation: Duration?
    /// The most entities of a type that may be awake on one node; `nil` for no limit.
    package var awakeLimit: Int?
    /// Which entity is passivated first when the limit is exceeded.
    package var passivationPolicy = PassivationSettings.Policy.leastRecentlyUsed
    /// Whether accounts restart after a move or a crash without a message.
    package var remembersAccounts = false
    /// The planned number of nodes: a static quorum is more than half of them.
    package var nodes = 3
    /// The most messages that one region buffers; `nil` for the default.
    package var bufferLimit: Int?
    /// The deliberate bugs in sharding that are switched on.
    package var shardingMutations: PlacementMutations = []
    /// The seed list of every node, by number; if empty, the nodes that start first.
    package var seeds: [Int] = []
    /// The roles of each node from its start, by number.
    package var roles: [Int: [String]] = [:]
    /// The role that hosts accounts; `nil` for all members.
    package var accountRole: String?
    /// Whether an account's balance is made of events.
    package var accountState = AccountState.balance
    /// Whether nodes remember their cluster across restarts.
    package var remembersCluster = false
    /// Whether the built-in singleton runs.
    package var runsSingleton = false
    /// The role that runs the built-in singleton; `nil` for all members.
    package var singletonRole: String?
    /// The settings of the node-to-node connections.
    package var remoting = RemotingSettings()
    /// The protocol versions that the incarnations of a node speak, by number: first that of its first start. The last
    /// one is for all later ones; a node without any speaks all.
    package var versions: [Int: [ProtocolVersions]] = [:]
    /// The timeout of an ask without its own.
    package var askTimeout = Duration.seconds(10)

    package init(
        membership: MembershipSettings = .responsive, shards: Int = 24, cluster: String = "casty", port: Int = 25_520
    ) {
        self.membership = membership
        self.shards = shards
        self.cluster = cluster
        self.port = port
    }

    /// The placement settings of one sample type.
    func placement(of sample: SampleEntity) -> PlacementSettings {
        var placement = placement
        if sample == .account { placement.role = accountRole }
        return placement
    }

    /// The placement settings that the sample types have in common.
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

/// The reason why a testbed could not carry out a request.
package struct TestClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A message for a person: what is wrong, and what to do.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

package import CastyMembership

/// What a laboratory is set up with.
package struct LabSettings: Sendable {
    /// Timings and strategies of the membership.
    package var membership: MembershipSettings
    /// How many shards each sample type has.
    package var shards: Int
    /// The name of the cluster.
    package var cluster: String
    /// The first port to try; all nodes listen on the same one, each on a host of its own.
    package var port: Int

    package init(
        membership: MembershipSettings = .responsive, shards: Int = 24, cluster: String = "casty", port: Int = 25_520
    ) {
        self.membership = membership
        self.shards = shards
        self.cluster = cluster
        self.port = port
    }
}

/// Why a laboratory could not do what it was asked.
package struct LabError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For a person: what is wrong, and what to do.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

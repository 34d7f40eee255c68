package import CastyCore
package import CastyMembership

/// What a strike has left of a cluster: who is cut off from whom, as the testbed knows it.
package struct Split {
    /// When the last thing was done.
    package let struck: Instant
    /// The members before it, with their up-numbers.
    package let members: [Member]
    /// Those that run, in groups between which nothing passes and within which all is well.
    package let groups: [[UniqueAddress]]
    /// Whether before it the cluster was quiet and of one mind, and all that was done are kills, hangs and cuts.
    package let isFromQuiet: Bool
    /// Whether all that was under way before it are joins, promotions and departures, and all that was done are kills, hangs and cuts.
    package var isAmongChanges = false

    package init(
        struck: Instant, members: [Member], groups: [[UniqueAddress]], isFromQuiet: Bool, isAmongChanges: Bool = false
    ) {
        self.struck = struck
        self.members = members
        self.groups = groups
        self.isFromQuiet = isFromQuiet
        self.isAmongChanges = isAmongChanges
    }

    /// Whether anybody was lost at all.
    package var hasLoss: Bool { groups.count > 1 || groups.joined().count < members.count }
}

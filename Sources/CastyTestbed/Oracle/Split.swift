package import CastyCore
package import CastyMembership

/// The state of a cluster after faults: which nodes are separated, as the testbed knows it.
package struct Split {
    /// When the last fault was injected.
    package let faultedAt: Instant
    /// The members before the faults, with their up-numbers.
    package let members: [Member]
    /// The running members, in groups. Nothing passes between groups, and all links within a group work.
    package let groups: [[UniqueAddress]]
    /// Whether the cluster was quiet and in agreement before, and all faults are kills, hangs and cuts.
    package let isFromQuiet: Bool
    /// Whether only joins, promotions and departures were in progress before, and all faults are kills, hangs and cuts.
    package var isAmongChanges = false

    package init(
        faultedAt: Instant, members: [Member], groups: [[UniqueAddress]], isFromQuiet: Bool,
        isAmongChanges: Bool = false
    ) {
        self.faultedAt = faultedAt
        self.members = members
        self.groups = groups
        self.isFromQuiet = isFromQuiet
        self.isAmongChanges = isAmongChanges
    }

    /// Whether any member was lost.
    package var hasLoss: Bool { groups.count > 1 || groups.joined().count < members.count }
}

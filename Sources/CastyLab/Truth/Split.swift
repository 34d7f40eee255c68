import CastyCore
import CastyMembership

/// What a strike has left of a cluster: who is cut off from whom, as the laboratory knows it.
struct Split {
    /// When the last thing was done.
    let struck: Instant
    /// The members before it, with their up-numbers.
    let members: [Member]
    /// Those that run, in groups between which nothing passes and within which all is well.
    let groups: [[UniqueAddress]]
    /// Whether before it the cluster was quiet and of one mind, and all that was done are kills, hangs and cuts.
    let isFromQuiet: Bool
    /// Whether all that was under way before it are joins, promotions and departures, and all that was done are kills, hangs and cuts.
    var isAmongChanges = false

    /// Whether anybody was lost at all.
    var hasLoss: Bool { groups.count > 1 || groups.joined().count < members.count }
}

import CastyCore

/// The settings of a singleton. They are the same on every node of a cluster.
package struct SingletonSettings: Hashable, Sendable {
    /// Only members with this role run it; `nil` for all members.
    package var role: String?
    /// How long to wait before an unanswered message is resent.
    package var retry = Duration.milliseconds(250)
    /// The time from the removal of a crashed member to a start elsewhere; longer than the lease.
    package var removalMargin = Duration.seconds(3)
    /// How long it may take to stop after its last message before it is stopped by force.
    package var stopBound = Duration.seconds(5)
    /// How long a forced stop may take before it is given up.
    package var killBound = Duration.seconds(2)
    /// How long a message from a node that is not a member waits for the node to become one.
    package var unknownBound = Duration.seconds(2)
    /// The most messages that one node buffers while no singleton can take them.
    package var bufferLimit = 1000
    /// How long a singleton that ended by itself waits before it restarts; doubles with each end in a row.
    package var restartBackoff = Duration.milliseconds(200)
    /// The longest such wait.
    package var restartBackoffLimit = Duration.seconds(10)

    /// The deliberate bugs that are switched on.
    package var mutations: PlacementMutations = []

    package init() {}
}

/// What a singleton can be told. The same on every node of a cluster.
package struct SingletonSettings: Hashable, Sendable {
    /// Only members with this role run it; `nil` for all members.
    package var role: String?
    /// How long to wait before something that got no answer is said again.
    package var retry = Duration.milliseconds(250)
    /// The time from the removal of a crashed member to a start elsewhere; longer than the lease.
    package var removalMargin = Duration.seconds(3)
    /// How long it may take to stop after its last message before it is stopped hard.
    package var stopBound = Duration.seconds(5)
    /// How long it may take to stop hard before it is given up.
    package var killBound = Duration.seconds(2)
    /// How long what a node says waits for the news that it is a member.
    package var unknownBound = Duration.seconds(2)
    /// Messages that one node keeps while there is none.
    package var bufferLimit = 1000
    /// How long one that ended by itself waits before it starts again; doubles with each end in a row.
    package var restartBackoff = Duration.milliseconds(200)
    /// The longest such wait.
    package var restartBackoffLimit = Duration.seconds(10)

    /// Bugs that are switched on.
    package var mutations: PlacementMutation = []

    package init() {}
}

/// When entities that are not used go to sleep.
package struct PassivationSettings: Hashable, Sendable {
    /// Which entity goes first where there are more than the limit.
    package enum Policy: UInt8, Hashable, Sendable {
        /// The one that was used longest ago.
        case leastRecentlyUsed
        /// The one that was used least often; of equals, the one used longest ago.
        case leastFrequentlyUsed
    }

    /// An entity that got no message for so long is passivated; `nil` turns this off.
    package var idle: Duration?
    /// So many entities may be active in one region; `nil` turns this off.
    package var limit: Int?
    package var policy: Policy

    package init(idle: Duration? = nil, limit: Int? = nil, policy: Policy = .leastRecentlyUsed) {
        self.idle = idle
        self.limit = limit
        self.policy = policy
    }
}

/// What placement can be told. The same on every node of a cluster; a different ``shardCount`` is refused at registration.
package struct PlacementSettings: Hashable, Sendable {
    /// The number of shards, at least 1. An entity's shard is FNV-1a64(id) modulo this.
    package var shardCount = 24
    /// Only members with this role host the type and coordinate it; `nil` for all members.
    package var role: String?
    /// How long to wait before something that got no answer is said again.
    package var retry = Duration.milliseconds(250)
    /// How long a new coordinator waits for a member that does not register before it has the member's node asked whether there is a region at
    /// all. It goes on waiting: whoever is slow may run shards, with a valid lease.
    package var recoveryProbe = Duration.seconds(5)
    /// The time from the removal of a crashed member to the restart of its shards; longer than the shard lease.
    package var removalMargin = Duration.seconds(3)
    /// How often the coordinator looks whether the shards are balanced.
    package var rebalanceInterval = Duration.seconds(2)
    /// No shard is allocated before so many regions registered once.
    package var minimumRegions = 1
    /// Handoffs in flight, as a share of all shards.
    package var relativeHandoffLimit = 0.25
    /// Handoffs in flight, at most.
    package var absoluteHandoffLimit = 20
    /// How long the coordinator waits for every region to close its stream to the old home.
    package var closeBound = Duration.seconds(2)
    /// How long the old home waits for the markers of those streams, and a sender for its last messages to come back.
    package var markerBound = Duration.seconds(2)
    /// How long what a node says waits for the news that it is a member.
    package var unknownBound = Duration.seconds(2)
    /// How long the node where the coordinator belongs may go on without the type before messages that wait for it are given up.
    package var notHostedBound = Duration.seconds(3)
    /// How long entities may take to stop after their last message before they are stopped hard.
    package var stopBound = Duration.seconds(5)
    /// How long entities may take to stop hard before the shard is given away without them.
    package var killBound = Duration.seconds(2)
    /// How long beyond that a shard waits for its writes to the store of remembered entities: longer than a store takes before it gives up.
    package var writeBound = Duration.seconds(15)
    /// How long the coordinator waits for the old home in all before it gives a handoff up.
    package var handoffTimeout = Duration.seconds(12)
    /// How long a new home holds fresh messages back for those the old home still has.
    package var holdBound = Duration.seconds(2)
    /// Messages that one region keeps in all, while they cannot be delivered.
    package var bufferLimit = 10_000
    package var passivation = PassivationSettings()
    /// How long an entity that failed, or stopped before it handled anything, waits before it may start again; doubles each time in a row.
    package var restartBackoff = Duration.milliseconds(200)
    /// The longest such wait.
    package var restartBackoffLimit = Duration.seconds(10)
    /// The share of the wait, 0…1, that is added at most: entities that fail together do not come back together.
    package var restartJitter = 0.2
    /// After so many lives in a row, none of which handled a message, what waits for the entity is given up: nothing waits for ever.
    package var startAttempts = 3
    /// Entities are remembered: they come back without a message after a move or a crash.
    package var remembersEntities = false
    /// So many remembered entities are started at a time…
    package var recoveryBatch = 5
    /// …and then the region waits so long.
    package var recoveryPause = Duration.milliseconds(100)
    /// How long an operator's command may wait for the coordinator's answer before its sender is told that there is none.
    package var commandBound = Duration.seconds(10)
    /// How long a command may stay unanswered before it is said again.
    package var commandRetry = Duration.seconds(2)
    /// Bugs that are switched on.
    package var mutations: PlacementMutation = []
    /// How long to wait before the store of remembered entities is asked again; doubles with each refusal in a row.
    package var storeRetry = Duration.milliseconds(200)
    /// The longest such wait.
    package var storeRetryLimit = Duration.seconds(5)
    /// After so many refusals in a row the messages that wait for the store are given up.
    package var storeAttempts = 5

    package init() {}
}

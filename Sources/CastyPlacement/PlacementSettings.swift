import CastyCore

/// When unused entities are passivated.
package struct PassivationSettings: Hashable, Sendable {
    /// Which entity is passivated first when there are more than the limit.
    package enum Policy: UInt8, Hashable, Sendable {
        /// The least recently used one.
        case leastRecentlyUsed
        /// The least frequently used one; among equals, the least recently used one.
        case leastFrequentlyUsed
    }

    /// An entity that got no message for this time is passivated; `nil` turns this off.
    package var idle: Duration?
    /// The most active entities in one region; `nil` turns this off.
    package var limit: Int?
    package var policy: Policy

    package init(idle: Duration? = nil, limit: Int? = nil, policy: Policy = .leastRecentlyUsed) {
        self.idle = idle
        self.limit = limit
        self.policy = policy
    }
}

/// The settings of placement. They are the same on every node of a cluster; a different ``shardCount`` is refused at
/// registration.
package struct PlacementSettings: Hashable, Sendable {
    /// The number of shards, at least 1. An entity's shard is FNV-1a64(id) modulo this.
    package var shardCount = 24
    /// Only members with this role host the type and coordinate it; `nil` for all members.
    package var role: String?
    /// How long to wait before an unanswered message is resent.
    package var retry = Duration.milliseconds(250)
    /// How long a new coordinator waits for a member that does not register before it probes the member's node for a
    /// region. It continues to wait: a slow member may run shards, with a valid lease.
    package var recoveryProbe = Duration.seconds(5)
    /// The time from the last acknowledgement that can have prolonged a crashed member's lease to the restart of its
    /// shards; longer than the lease.
    package var removalMargin = Duration.seconds(3)
    /// How often the coordinator checks whether the shards are balanced.
    package var rebalanceInterval = Duration.seconds(2)
    /// No shard is allocated until this many regions can take shards at the same time for the first time.
    package var minimumRegions = 1
    /// Handoffs in flight, as a share of all shards.
    package var relativeHandoffLimit = 0.25
    /// Handoffs in flight, at most.
    package var absoluteHandoffLimit = 20
    /// How long the coordinator waits for every region to close its stream to the old home.
    package var closeBound = Duration.seconds(2)
    /// How long the old home waits for the markers of those streams, and a sender for the return of its last messages.
    package var markerBound = Duration.seconds(2)
    /// How long a message from a node that is not a member waits for the node to become one.
    package var unknownBound = Duration.seconds(2)
    /// How long the node that should run the coordinator may not host the type before the messages that wait for it are
    /// given up.
    package var notHostedBound = Duration.seconds(3)
    /// How long entities may take to stop after their last message before they are stopped by force.
    package var stopBound = Duration.seconds(5)
    /// How long a forced stop of entities may take before the shard is handed off without them.
    package var killBound = Duration.seconds(2)
    /// How long a shard waits beyond that for its writes to the store of remembered entities; longer than a store's own
    /// timeout.
    package var writeBound = Duration.seconds(15)
    /// How long the coordinator waits for the old home to stop the shard before it gives up the handoff.
    package var handoffTimeout = Duration.seconds(12)
    /// How long a new home holds new messages back for those that the old home still has.
    package var holdBound = Duration.seconds(2)
    /// The most messages that one region buffers in total while they cannot be delivered.
    package var bufferLimit = 10_000
    package var passivation = PassivationSettings()
    /// How long an entity that failed, or stopped before it handled anything, waits before it may restart; doubles with
    /// each failure in a row.
    package var restartBackoff = Duration.milliseconds(200)
    /// The longest such wait.
    package var restartBackoffLimit = Duration.seconds(10)
    /// The largest share of the wait, 0…1, that is added as jitter: entities that fail together do not restart
    /// together.
    package var restartJitter = 0.2
    /// After this many incarnations in a row that handled no message, the messages that wait for the entity are given
    /// up.
    package var startAttempts = 3
    /// Whether entities are remembered: they restart without a message after a move or a crash.
    package var remembersEntities = false
    /// The number of remembered entities that start in one batch…
    package var recoveryBatch = 200
    /// …and the pause between two batches.
    package var recoveryPause = Duration.milliseconds(10)
    /// How long an operator's command waits for the coordinator's answer before its sender is notified that there is
    /// none.
    package var commandBound = Duration.seconds(10)
    /// How long a command may stay unanswered before it is resent.
    package var commandRetry = Duration.seconds(2)
    /// The deliberate bugs that are switched on.
    package var mutations: PlacementMutations = []
    /// How long to wait before a refused request to the store of remembered entities is retried; doubles with each
    /// refusal in a row.
    package var storeRetry = Duration.milliseconds(200)
    /// The longest such wait.
    package var storeRetryLimit = Duration.seconds(5)
    /// After this many refusals in a row, each further refusal gives up the messages that wait for the store.
    package var storeAttempts = 5

    package init() {}
}

extension PlacementSettings {
    /// Finds the shard of an entity.
    package var sharder: Sharder { Sharder(self) }

    /// The canonical form of an entity's id, and its shard.
    package func canonical(of entity: String) -> (entity: String, shard: Int) { sharder.canonical(of: entity) }
}

/// Finds the shards of entities. For callers who need one per message: to read all settings would copy them.
package struct Sharder: Sendable {
    private let shardCount: Int
    private let hashesByLength: Bool

    fileprivate init(_ settings: PlacementSettings) {
        shardCount = settings.shardCount
        hashesByLength = settings.mutations.contains(.hashesByLength)
    }

    /// The canonical form of an entity's id, and its shard.
    package func canonical(of entity: String) -> (entity: String, shard: Int) {
        let (entity, hash) = EntityID.hashed(entity)
        if hashesByLength { return (entity, entity.utf8.count % shardCount) }
        return (entity, Int(hash % UInt64(shardCount)))
    }
}

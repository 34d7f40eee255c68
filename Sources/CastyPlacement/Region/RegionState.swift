import CastyCore

/// What a region knows of the home of one shard.
struct HomeEntry: Sendable {
    /// The home, if it is known and not about to change.
    var target: UniqueAddress?
    /// Why the coordinator could not assign a home, when last asked.
    var homeless: HomelessCause?
    /// The newest ownership that this region knows of.
    var version = ShardVersion.none
    /// The newest ownership that this region refused, or whose shard it has stopped: an order for it is a late
    /// duplicate.
    var ended = ShardVersion.none
    /// The node that was sent deliveries which may still be in flight. The home changes only after this stream is
    /// closed: that preserves the order of each sender's messages.
    var stream: UniqueAddress?
    /// The ownership under which they were sent. When it ends, the node returns what it did not take, even if it gets
    /// the shard again.
    var streamVersion = ShardVersion.none
    /// The close of the stream, while it is in progress.
    var closing: Closing?
    /// The stream that was given up last: deliveries returned from it are late.
    var abandoned: Abandoned?

    /// The node did not confirm the end of the stream in time; later messages may have been sent to a new home since.
    struct Abandoned: Sendable {
        var version: ShardVersion
        /// The last message that may have been sent there.
        var sequence: UInt64
    }

    struct Closing: Sendable {
        var token: UInt64
        var since: Instant
        var sentAt: Instant
    }

    /// Whether a message can go to the target at once.
    var isOpen: Bool { target != nil && closing == nil && (stream == nil || stream == target) }
}

/// A message that waits.
struct BufferedMessage<Payload: Sendable>: Sendable {
    var entity: String
    var payload: Payload
    var sequence: UInt64
    var since: Instant
    var isRetry = false
    /// For a question: how long its asker waits while there is no home.
    var asks: AskPatience?
}

/// A shard that runs here.
struct Shard<Payload: Sendable>: Sendable {
    enum Phase: Sendable {
        case running
        /// Ordered to hand off; the streams of these regions are not closed yet.
        case draining(handoff: ShardVersion, participants: [UniqueAddress], deadline: Instant)
        /// Its entities are stopping.
        case stopping(deadline: Instant, isKilled: Bool)
    }

    var number: Int
    var version: ShardVersion
    var phase = Phase.running
    /// New messages wait for those that this node still has.
    var holdFor: UniqueAddress?
    var holdDeadline = Instant.distantFuture
    /// The number of this run of the shard on this node.
    var run: UInt64 = 0
    /// Whether its entities are paused: the lease has lapsed, and the coordinator has not confirmed since that this
    /// region hosts the shard.
    var isPaused = false
    /// Whether the remembered entities are still being read; nothing is delivered before that.
    var isLoading = false
    /// The number of entities that the store remembered when the shard started, and how many of them have not started
    /// since.
    var remembered = 0
    var dormant = 0
    /// Unanswered writes to the store. The shard is handed off only after them, so that no write comes after the next
    /// home has read.
    var writing = 0
    /// Messages of other regions that wait for the hold, the load or the pause to end.
    var held: [BufferedMessage<Payload>] = []
    /// Messages that the old home sent during the hold; they are delivered first.
    var ahead: [BufferedMessage<Payload>] = []
    /// The handoff that the markers belong to, and the regions whose stream is closed, sorted.
    var markersFor = ShardVersion.none
    var markers: [UniqueAddress] = []
    /// Messages delivered to its entities.
    var handled: UInt64 = 0
    /// Messages that the stopped entities left, for the new home.
    var leftover: [BufferedMessage<Payload>] = []

    var isStopping: Bool {
        switch phase {
        case .stopping: true
        case .running, .draining: false
        }
    }

    var isHolding: Bool { holdFor != nil || isLoading || isPaused }

    mutating func mark(_ node: UniqueAddress, for handoff: ShardVersion) {
        guard handoff >= markersFor else { return }
        if handoff > markersFor { markers = [] }
        markersFor = handoff
        markers.insertSorted(node)
    }

    /// Whether all streams that the handoff waits for are closed.
    var isDrained: Bool {
        guard case .draining(let handoff, let participants, _) = phase else { return false }
        return participants.allSatisfy { markersFor == handoff && markers.containsSorted($0) }
    }
}

/// One entity of a shard.
struct Entity<Payload: Sendable>: Sendable {
    enum State: Hashable, Sendable {
        case active
        /// The stop is in its mailbox; messages that arrive now wait for its end.
        case passivating
        /// Its shard is stopping here.
        case stopping
        /// It failed, or stopped before it handled anything, or was remembered and stopped by itself.
        case waiting(until: Instant)
        /// Its start is being written to the store; `forgetting`: its end is.
        case remembering
        case forgetting
        /// It was loaded from the store and its turn to start has not come.
        case remembered
    }

    var instance: UInt64
    var state: State
    var startedAt: Instant
    /// Failures in a row.
    var failures = 0
    /// Those of them in which no message was handled.
    var failedStarts = 0
    var lastUsed: Instant
    var handled: UInt64 = 0
    /// Its slot in the usage order, while active.
    var slot: Int?
    var kept: [BufferedMessage<Payload>] = []

    init(
        instance: UInt64, state: State, startedAt: Instant, failures: Int = 0, kept: [BufferedMessage<Payload>] = []
    ) {
        self.instance = instance
        self.state = state
        self.startedAt = startedAt
        self.failures = failures
        lastUsed = startedAt
        self.kept = kept
    }

    mutating func use(at now: Instant) {
        handled += 1
        lastUsed = now
    }
}

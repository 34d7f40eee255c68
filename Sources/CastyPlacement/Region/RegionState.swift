import CastyCore

/// A shard that runs here.
struct Shard<Payload: Sendable>: Sendable {
    enum Phase: Sendable {
        case running
        /// Ordered to hand off; the streams of these regions are not closed yet.
        case draining(handoff: ShardVersion, participants: [UniqueAddress], deadline: Instant)
        /// Its entities are stopping.
        case stopping(deadline: Instant, isKilled: Bool)
    }

    /// New messages wait for those that this node still has.
    struct Hold: Sendable {
        var node: UniqueAddress
        var deadline: Instant
    }

    /// The regions whose stream is closed.
    struct Markers: Sendable {
        /// The handoff that the regions have heard of.
        private(set) var handoff = ShardVersion.none
        /// Sorted.
        private(set) var nodes: [UniqueAddress] = []

        mutating func insert(_ node: UniqueAddress, for handoff: ShardVersion) {
            guard handoff >= self.handoff else { return }
            if handoff > self.handoff { nodes = [] }
            self.handoff = handoff
            nodes.insertSorted(node)
        }
    }

    let number: Int
    var version: ShardVersion
    var phase = Phase.running
    var hold: Hold?
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
    var markers = Markers()
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

    var isHolding: Bool { hold != nil || isLoading || isPaused }

    /// Whether all streams that the handoff waits for are closed.
    var isDrained: Bool {
        guard case .draining(let handoff, let participants, _) = phase else { return false }
        return participants.allSatisfy { markers.handoff == handoff && markers.nodes.sortedContains($0) }
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
    var buffered: [BufferedMessage<Payload>] = []

    init(
        instance: UInt64, state: State, startedAt: Instant, failures: Int = 0, buffered: [BufferedMessage<Payload>] = []
    ) {
        self.instance = instance
        self.state = state
        self.startedAt = startedAt
        self.failures = failures
        lastUsed = startedAt
        self.buffered = buffered
    }

    mutating func use(_ count: UInt64 = 1, at now: Instant) {
        handled += count
        lastUsed = max(lastUsed, now)
    }
}

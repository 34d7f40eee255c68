import CastyCore

/// What a region knows of the home of one shard.
struct HomeEntry: Sendable {
    /// The home, if known and not about to change.
    var target: UniqueAddress?
    /// Why the coordinator has not given it one, when it was asked last.
    var homeless: HomelessCause?
    /// The newest ownership this region has heard of.
    var version = ShardVersion.none
    /// The newest ownership that this region refused, or whose shard it has stopped: an order for it is a repetition that comes too late.
    var ended = ShardVersion.none
    /// The node to which deliveries went that may still be under way. The home changes only after this stream is closed: that keeps the order
    /// of each sender's messages.
    var stream: UniqueAddress?
    /// The ownership under which they went. When it ends, the node sends back what it did not take, even if it gets the shard again.
    var streamVersion = ShardVersion.none
    /// The close of the stream that is under way.
    var closing: Closing?
    /// The stream that was given up last: what comes back from it comes too late.
    var abandoned: Abandoned?

    /// The node did not confirm the end of the stream in time, and later messages may have been passed to a new home since.
    struct Abandoned: Sendable {
        var version: ShardVersion
        /// The last message that may have gone there.
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
    /// It is a question, and how long its asker waits where there is no home.
    var asks: AskPatience?
}

/// A shard that runs here.
struct Shard<Payload: Sendable>: Sendable {
    enum Phase: Sendable {
        case running
        /// Told to hand off; the streams of these regions are not closed yet.
        case draining(handoff: ShardVersion, participants: [UniqueAddress], deadline: Instant)
        /// Its entities were told to stop.
        case stopping(deadline: Instant, isKilled: Bool)
    }

    var number: Int
    var version: ShardVersion
    var phase = Phase.running
    /// Fresh messages wait for those that this node still has.
    var holdFor: UniqueAddress?
    var holdDeadline = Instant.distantFuture
    /// Which run of this shard on this node it is.
    var run: UInt64 = 0
    /// The lease has lapsed, and the coordinator has not said since that the shard is still this region's: its entities are held still.
    var isPaused = false
    /// Nothing is delivered before the remembered entities are known.
    var isLoading = false
    /// How many entities the store remembered when the shard started, and how many of them have not started since.
    var remembered = 0
    var dormant = 0
    /// Writes to the store that are not answered. The shard goes only after them, so that none comes after the next home has read.
    var writing = 0
    /// Messages of other regions that wait for the hold, the load or the pause to end.
    var held: [BufferedMessage<Payload>] = []
    /// What the old home had left and sent before the load ended; it goes first.
    var ahead: [BufferedMessage<Payload>] = []
    /// The handoff that the markers are for, and the regions whose stream is closed, sorted.
    var markersFor = ShardVersion.none
    var markers: [UniqueAddress] = []
    /// Messages that its entities were handed.
    var handled: UInt64 = 0
    /// What the stopped entities left, for the new home.
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
        /// The stop is in its mailbox; what comes now waits for its end.
        case passivating
        /// Its shard stops here.
        case stopping
        /// It failed, or stopped before it handled anything, or was remembered and stopped by itself.
        case waiting(until: Instant)
        /// Its start, or its end, is being written to the store.
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
    /// Its place in the order of use, while active.
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

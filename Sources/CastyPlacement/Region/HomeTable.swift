import CastyCore

/// What a region knows of the homes of all shards, by shard.
struct HomeTable: Sendable {
    private var entries: [HomeEntry]
    /// Shards with a stream that is being closed, ascending.
    private(set) var closings: [Int] = []
    /// The last number that the close of a stream was given.
    private var lastToken: UInt64 = 0
    /// When homes were last asked for.
    var askedAt = Instant.start
    /// The shards whose route was closed, and has not been closed in the shell yet; in order.
    private(set) var closedRoutes: [Int] = []

    init(count: Int) { entries = Array(repeating: HomeEntry(), count: count) }

    var indices: Range<Int> { entries.indices }
    var count: Int { entries.count }

    subscript(shard: Int) -> HomeEntry {
        _read { yield entries[shard] }
        _modify {
            yield &entries[shard]
            checkRoute(shard)
        }
    }

    /// Closes the route of a shard once it does not lead to the shard's home any more.
    private mutating func checkRoute(_ shard: Int) {
        guard let route = entries[shard].route, let node = route.node else { return }
        if entries[shard].isOpen, entries[shard].target == node, entries[shard].version == route.version { return }
        closeRoute(shard)
    }

    mutating func closeRoute(_ shard: Int) {
        guard entries[shard].route != nil else { return }
        entries[shard].route = nil
        closedRoutes.append(shard)
    }

    mutating func takeClosedRoutes() -> [Int] {
        defer { closedRoutes = [] }
        return closedRoutes
    }

    /// A number for the close of a stream.
    mutating func nextToken() -> UInt64 {
        lastToken += 1
        return lastToken
    }

    /// Begins to close the stream of a shard.
    mutating func beginClosing(_ shard: Int, at now: Instant) {
        let token = nextToken()
        entries[shard].stream?.closing = .init(token: token, since: now, sentAt: now)
        closings.insertSorted(shard)
        checkRoute(shard)
    }

    mutating func endStream(_ shard: Int) {
        entries[shard].stream = nil
        closings.removeSorted(shard)
        checkRoute(shard)
    }
}

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
    /// The deliveries that may still be in flight. The home changes only after this stream is closed: that preserves
    /// the order of each sender's messages.
    var stream: Stream?
    /// The stream that was given up last: deliveries returned from it are late.
    var abandoned: Abandoned?
    /// The route that passes the region by, while it is open.
    var route: OpenRoute?

    /// Deliveries to one node.
    struct Stream: Sendable {
        var node: UniqueAddress
        /// The ownership under which they were sent. When it ends, the node returns what it did not take, even if it
        /// gets the shard again.
        var version: ShardVersion
        /// The close of the stream, while it is in progress.
        var closing: Closing?
    }

    struct Closing: Sendable {
        var token: UInt64
        var since: Instant
        var sentAt: Instant
    }

    /// The node did not confirm the end of the stream in time; later messages may have been sent to a new home since.
    struct Abandoned: Sendable {
        var version: ShardVersion
        /// The last message that may have been sent there.
        var sequence: UInt64
    }

    /// Whether a message can go to the target at once.
    var isOpen: Bool {
        guard let target else { return false }
        guard let stream else { return true }
        return stream.closing == nil && stream.node == target
    }

    /// A message goes to the node.
    mutating func send(to node: UniqueAddress) {
        if stream == nil {
            stream = Stream(node: node, version: version)
        } else {
            stream?.node = node
            stream?.version = version
        }
    }
}

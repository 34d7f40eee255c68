public import CastyCore

/// One node's view of the membership.
public struct MembershipSnapshot: Hashable, Sendable, Codable {
    /// The members it knows, by address.
    public var members: [MemberSnapshot]
    /// The leader in this view.
    public var leader: UniqueAddress?
    /// The oldest up member, which coordinates.
    public var oldest: UniqueAddress?
    /// Whether all required members have seen this version, and no obstacle keeps the leader from acting.
    public var converged: Bool
    /// Why it is not converged; empty when it is.
    public var waitingFor: [Waiting]
    /// What the leader would do next.
    public var pendingLeaderActions: [LeaderAction]
    /// The vector clock, by address.
    public var clock: [ClockEntry]
    /// The total number of changes, including those by removed members, which have no clock entries any more: it
    /// increases with every change.
    public var gossipVersion: UInt64
    /// A digest of members, rows, tombstones and clock; equal digests mean equal views.
    public var digest: UInt64
    /// The members that have seen this version.
    public var seenBy: [UniqueAddress]
    /// Which observers consider which members unreachable.
    public var reachability: [ReachabilityRow]
    /// The peers this node monitors.
    public var peers: [PeerSnapshot]
    /// What the downing strategy is about to do.
    public var downing: DowningSnapshot?
    /// The size in bytes of the state that this node sent last.
    public var gossipBytes = 0
    /// The size in bytes that a state should not exceed in one message; from half of it on, it is sent in pages.
    public var gossipLimit = 0
    /// The names and values of the current settings, by name.
    public var settings: [String: String]

    /// Creates a view.
    public init(
        members: [MemberSnapshot] = [], leader: UniqueAddress? = nil, oldest: UniqueAddress? = nil,
        converged: Bool = false,
        waitingFor: [Waiting] = [], pendingLeaderActions: [LeaderAction] = [], clock: [ClockEntry] = [],
        gossipVersion: UInt64 = 0,
        digest: UInt64 = 0, seenBy: [UniqueAddress] = [], reachability: [ReachabilityRow] = [],
        peers: [PeerSnapshot] = [],
        downing: DowningSnapshot? = nil, settings: [String: String] = [:]
    ) {
        self.members = members
        self.leader = leader
        self.oldest = oldest
        self.converged = converged
        self.waitingFor = waitingFor
        self.pendingLeaderActions = pendingLeaderActions
        self.clock = clock
        self.gossipVersion = gossipVersion
        self.digest = digest
        self.seenBy = seenBy
        self.reachability = reachability
        self.peers = peers
        self.downing = downing
        self.settings = settings
    }
}

/// One member as one node sees it.
public struct MemberSnapshot: Hashable, Sendable, Codable {
    /// The member's incarnation.
    public var node: UniqueAddress
    /// Its short name, `n2` in a testbed.
    public var name: String
    /// Its status.
    public var status: MemberStatus
    /// Its position in the order of age; 1 is the oldest; `nil` before it is up.
    public var upNumber: Int?
    /// Its roles.
    public var roles: [String]
    /// Whether any observer considers it unreachable.
    public var unreachable: Bool

    /// Creates a member.
    public init(
        node: UniqueAddress, name: String, status: MemberStatus, upNumber: Int? = nil, roles: [String] = [],
        unreachable: Bool = false
    ) {
        self.node = node
        self.name = name
        self.status = status
        self.upNumber = upNumber
        self.roles = roles
        self.unreachable = unreachable
    }
}

/// One obstacle that keeps a view from converging.
public struct Waiting: Hashable, Sendable, Codable {
    /// The obstacle.
    public var obstacle: ConvergenceObstacle
    /// Since when it has existed, where that is known.
    public var since: Instant?

    /// Creates an entry.
    public init(_ obstacle: ConvergenceObstacle, since: Instant? = nil) {
        self.obstacle = obstacle
        self.since = since
    }
}

/// One node's counter in a vector clock.
public struct ClockEntry: Hashable, Sendable, Codable {
    /// The node that the counter belongs to.
    public var node: UniqueAddress
    /// Its short name.
    public var name: String
    /// The number of changes that the node has made.
    public var counter: UInt64

    /// Creates an entry.
    public init(node: UniqueAddress, name: String, counter: UInt64) {
        self.node = node
        self.name = name
        self.counter = counter
    }
}

/// An observer's verdict on whether it reaches a subject.
public enum ReachabilityMark: String, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
    case reachable
    case unreachable
    /// The observer does not reach it, but another member does.
    case indirectlyUnreachable = "unreachable (indirect)"
    /// Its process has ended: another incarnation at its address proves that, or it said so itself.
    case terminated

    /// The name in JSON and on screens.
    public var description: String { rawValue }
}

/// One observer's verdict on one subject.
public struct ReachabilityRow: Hashable, Sendable, Codable {
    /// The observer.
    public var observer: UniqueAddress
    /// The subject.
    public var subject: UniqueAddress
    /// The verdict.
    public var status: ReachabilityMark
    /// The observer's own version when it gave the verdict.
    public var version: UInt64

    /// Creates a row.
    public init(observer: UniqueAddress, subject: UniqueAddress, status: ReachabilityMark, version: UInt64) {
        self.observer = observer
        self.subject = subject
        self.status = status
        self.version = version
    }
}

/// One monitored peer and the statistics of its heartbeats.
public struct PeerSnapshot: Hashable, Sendable, Codable {
    /// The peer.
    public var node: UniqueAddress
    /// Its short name.
    public var name: String
    /// −log10 of the probability that a heartbeat will still arrive; 0 before the first.
    public var phi: Double
    /// The phi from which the peer is suspected.
    public var threshold: Double
    /// The mean of the intervals between heartbeats.
    public var mean: Duration
    /// Their standard deviation, not below the configured floor.
    public var deviation: Duration
    /// The additional silence that is accepted.
    public var acceptablePause: Duration
    /// When the last heartbeat arrived.
    public var lastHeartbeat: Instant?
    /// When phi will cross the threshold if no heartbeat arrives.
    public var suspicionDeadline: Instant?
    /// The number of intervals in the statistics.
    public var samples: Int
    /// Whether this node itself considers the peer unreachable.
    public var unreachable: Bool
    /// A node that could still reach the peer, if this node considers it unreachable.
    public var witness: String?

    /// Creates the figures of a peer.
    public init(
        node: UniqueAddress, name: String, phi: Double, threshold: Double, mean: Duration, deviation: Duration,
        acceptablePause: Duration, lastHeartbeat: Instant?, suspicionDeadline: Instant?, samples: Int,
        unreachable: Bool = false, witness: String? = nil
    ) {
        self.node = node
        self.name = name
        self.phi = phi
        self.threshold = threshold
        self.mean = mean
        self.deviation = deviation
        self.acceptablePause = acceptablePause
        self.lastHeartbeat = lastHeartbeat
        self.suspicionDeadline = suspicionDeadline
        self.samples = samples
        self.unreachable = unreachable
        self.witness = witness
    }
}

/// What the downing strategy waits for, and what it would decide now.
public struct DowningSnapshot: Hashable, Sendable, Codable {
    /// The strategy's name: `keep-majority`.
    public var strategy: String
    /// When it decides if nothing changes.
    public var due: Instant?
    /// The members that it would declare down now.
    public var down: [UniqueAddress]
    /// The reason.
    public var reason: DowningReason

    /// Creates the state of a strategy.
    public init(strategy: String, due: Instant?, down: [UniqueAddress], reason: DowningReason) {
        self.strategy = strategy
        self.due = due
        self.down = down
        self.reason = reason
    }
}

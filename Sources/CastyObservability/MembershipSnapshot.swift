public import CastyCore

/// One node's view of the membership.
public struct MembershipSnapshot: Hashable, Sendable, Codable {
    /// The members it knows, by address.
    public var members: [MemberSnapshot]
    /// The member it takes for the leader.
    public var leader: UniqueAddress?
    /// The oldest up member: the one that coordinates.
    public var oldest: UniqueAddress?
    /// Whether all that must have seen this version have, and nothing stands in the way of the leader.
    public var converged: Bool
    /// Why it is not converged, in words; empty when it is.
    public var waitingFor: [String]
    /// What the leader would do next, in words.
    public var pendingLeaderActions: [String]
    /// The vector clock, by address.
    public var clock: [ClockEntry]
    /// The number of all changes, those of removed members included, which the clock has no entries of any more: it grows with every change.
    public var gossipVersion: UInt64
    /// A digest of members, rows, tombstones and clock; equal digests mean equal views.
    public var digest: UInt64
    /// Who has seen this version.
    public var seenBy: [UniqueAddress]
    /// Who calls whom unreachable.
    public var reachability: [ReachabilityRow]
    /// The peers this node monitors.
    public var peers: [PeerSnapshot]
    /// What the downing strategy is about to do.
    public var downing: DowningSnapshot?
    /// The bytes of the state that this node has sent last.
    public var gossipBytes = 0
    /// The bytes that a state should not take in one message; from half of it on it travels in pages.
    public var gossipLimit = 0
    /// The names of the settings in force and their values, by name.
    public var settings: [String: String]

    /// Creates a view.
    public init(
        members: [MemberSnapshot] = [], leader: UniqueAddress? = nil, oldest: UniqueAddress? = nil,
        converged: Bool = false,
        waitingFor: [String] = [], pendingLeaderActions: [String] = [], clock: [ClockEntry] = [],
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
    /// Who it is.
    public var node: UniqueAddress
    /// Its short name, `n2` in a testbed.
    public var name: String
    /// How far it is on its way through the cluster.
    public var status: MemberCondition
    /// Its place in the order of age; 1 is the oldest; `nil` before it is up.
    public var upNumber: Int?
    /// What it can do.
    public var roles: [String]
    /// Whether somebody calls it unreachable.
    public var unreachable: Bool

    /// Creates a member.
    public init(
        node: UniqueAddress, name: String, status: MemberCondition, upNumber: Int? = nil, roles: [String] = [],
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

/// How far a member is on its way through the cluster, by its word.
public enum MemberCondition: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
    /// It was let in, and waits for the leader.
    case joining
    /// It takes part, though not all members could be asked.
    case weaklyUp = "weakly-up"
    /// A full member.
    case up
    /// It has said that it goes.
    case leaving
    /// All know that it goes.
    case exiting
    /// It was declared dead.
    case down

    /// Its word.
    public var description: String { rawValue }
}

/// One node's counter in a vector clock.
public struct ClockEntry: Hashable, Sendable, Codable {
    /// Whose counter it is.
    public var node: UniqueAddress
    /// Its short name.
    public var name: String
    /// How many changes it has made.
    public var counter: UInt64

    /// Creates an entry.
    public init(node: UniqueAddress, name: String, counter: UInt64) {
        self.node = node
        self.name = name
        self.counter = counter
    }
}

/// What one observer says of one subject.
public struct ReachabilityRow: Hashable, Sendable, Codable {
    /// Who says so.
    public var observer: UniqueAddress
    /// Of whom.
    public var subject: UniqueAddress
    /// `reachable`, `unreachable` or `terminated`.
    public var status: String
    /// The observer's own version when it said so.
    public var version: UInt64

    /// Creates a row.
    public init(observer: UniqueAddress, subject: UniqueAddress, status: String, version: UInt64) {
        self.observer = observer
        self.subject = subject
        self.status = status
        self.version = version
    }
}

/// One monitored peer: its heartbeats and what they say.
public struct PeerSnapshot: Hashable, Sendable, Codable {
    /// Who is monitored.
    public var node: UniqueAddress
    /// Its short name.
    public var name: String
    /// −log10 of the probability that a heartbeat still comes; 0 before the first.
    public var phi: Double
    /// From which phi on the peer is suspected.
    public var threshold: Double
    /// Mean of the intervals between heartbeats.
    public var mean: Duration
    /// Their standard deviation, not below the configured floor.
    public var deviation: Duration
    /// The pause that is forgiven on top.
    public var acceptablePause: Duration
    /// When the last heartbeat came.
    public var lastHeartbeat: Instant?
    /// When phi crosses the threshold if nothing comes.
    public var suspicionDeadline: Instant?
    /// How many intervals the figures rest on.
    public var samples: Int
    /// Whether this node itself calls the peer unreachable.
    public var unreachable: Bool
    /// A node that could still reach it, where this node calls it unreachable.
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
    /// What it would decide: `down n3`, `down this side`, `nothing`.
    public var decision: String
    /// Why: `2 of 3 stay`.
    public var reason: String

    /// Creates the outlook.
    public init(strategy: String, due: Instant?, decision: String, reason: String) {
        self.strategy = strategy
        self.due = due
        self.decision = decision
        self.reason = reason
    }
}

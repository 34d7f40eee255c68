public import CastyCore

/// All that one node knows and shows, as a value, at one moment.
///
/// What it says of other nodes is that node's own view, not the truth: two snapshots of one moment may contradict each other,
/// and showing that is their purpose.
public struct NodeSnapshot: Hashable, Sendable, Codable {
    /// The node's short name, `n1` in a testbed.
    public var name: String
    /// Which incarnation speaks.
    public var node: UniqueAddress
    /// When it was taken, since the start of the world.
    public var time: Instant
    /// Grows with every change of what the node publishes; equal versions mean equal content apart from `time` and phi.
    public var version: UInt64
    /// How the node is doing, as the testbed that runs it knows.
    public var state: NodeState
    /// Its view of the membership.
    public var membership: MembershipSnapshot
    /// Its part in sharding, one entry a shard type.
    public var sharding: [ShardingSnapshot]
    /// Its associations with other nodes.
    public var associations: [AssociationSnapshot]
    /// Its actors and their mailboxes.
    public var actors: ActorsSnapshot
    /// What was lost there, by reason.
    public var losses: [LossEntry]

    /// Creates a snapshot.
    public init(
        name: String, node: UniqueAddress, time: Instant, version: UInt64 = 0, state: NodeState = .running,
        membership: MembershipSnapshot = .init(), sharding: [ShardingSnapshot] = [],
        associations: [AssociationSnapshot] = [], actors: ActorsSnapshot = .init(), losses: [LossEntry] = []
    ) {
        self.name = name
        self.node = node
        self.time = time
        self.version = version
        self.state = state
        self.membership = membership
        self.sharding = sharding
        self.associations = associations
        self.actors = actors
        self.losses = losses
    }
}

/// How a node is doing.
public enum NodeState: String, Sendable, Codable, CaseIterable {
    case running, frozen, killed, stopped
}

/// How a node's actors are doing.
public struct ActorsSnapshot: Hashable, Sendable, Codable {
    /// Actors alive.
    public var live: Int
    /// Messages waiting in mailboxes.
    public var queued: Int
    /// Messages handled since the start.
    public var handled: UInt64
    /// Asks that wait for an answer.
    public var asksPending: Int

    /// Creates the figures.
    public init(live: Int = 0, queued: Int = 0, handled: UInt64 = 0, asksPending: Int = 0) {
        self.live = live
        self.queued = queued
        self.handled = handled
        self.asksPending = asksPending
    }
}

/// One association with a peer, as this end sees it.
public struct AssociationSnapshot: Hashable, Sendable, Codable {
    /// The peer's place.
    public var peer: NodeAddress
    /// The peer's short name.
    public var peerName: String
    /// `connecting`, `handshaking`, `active`, `waiting` (to reconnect) or `closed`.
    public var state: String
    /// Frames sent since the start.
    public var framesOut: UInt64
    /// Frames received since the start.
    public var framesIn: UInt64
    /// Bytes sent since the start.
    public var bytesOut: UInt64
    /// Bytes received since the start.
    public var bytesIn: UInt64
    /// Bytes that wait to be written.
    public var queuedBytes: Int
    /// How often it was connected again.
    public var reconnects: Int

    /// Creates the figures of an association.
    public init(
        peer: NodeAddress, peerName: String, state: String, framesOut: UInt64 = 0, framesIn: UInt64 = 0,
        bytesOut: UInt64 = 0, bytesIn: UInt64 = 0, queuedBytes: Int = 0, reconnects: Int = 0
    ) {
        self.peer = peer
        self.peerName = peerName
        self.state = state
        self.framesOut = framesOut
        self.framesIn = framesIn
        self.bytesOut = bytesOut
        self.bytesIn = bytesIn
        self.queuedBytes = queuedBytes
        self.reconnects = reconnects
    }
}

public import CastyCore

/// The state that one node publishes, as a value, at one moment.
///
/// Data about other nodes is this node's own view and may be wrong: two snapshots from the same moment may contradict
/// each other, and their purpose is to show that.
public struct NodeSnapshot: Hashable, Sendable, Codable {
    /// The node's short name, `n1` in a testbed.
    public var name: String
    /// The node's incarnation.
    public var node: UniqueAddress
    /// When it was taken, since the start of the run.
    public var time: Instant
    /// Increases with every change of the published state; equal versions mean equal content apart from `time` and phi.
    public var version: UInt64
    /// The state of the node, as the testbed that runs it knows it.
    public var state: NodeState
    /// Its view of the membership.
    public var membership: MembershipSnapshot
    /// Its part in sharding, one entry for each shard type.
    public var sharding: [ShardingSnapshot]
    /// Its associations with other nodes.
    public var associations: [AssociationSnapshot]
    /// Its actors and their mailboxes.
    public var actors: ActorsSnapshot
    /// The messages lost on this node, by reason.
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

/// The state of a node.
public enum NodeState: String, Sendable, Codable, CaseIterable {
    case running, frozen, killed, stopped
    /// It does not answer the observer that asks it, which does not know why.
    case silent
}

/// Figures about a node's actors.
public struct ActorsSnapshot: Hashable, Sendable, Codable {
    /// The number of live actors.
    public var live: Int
    /// The number of messages in mailboxes.
    public var queued: Int
    /// The number of messages handled since the start.
    public var handled: UInt64
    /// The number of asks that wait for an answer.
    public var asksPending: Int

    /// Creates the figures.
    public init(live: Int = 0, queued: Int = 0, handled: UInt64 = 0, asksPending: Int = 0) {
        self.live = live
        self.queued = queued
        self.handled = handled
        self.asksPending = asksPending
    }
}

/// The state of an association: of its control lane, or of its user lane if the control lane has no connection.
public enum AssociationCondition: String, Hashable, Sendable, Codable, CaseIterable, CustomStringConvertible {
    /// It has no connection, and needs none.
    case closed
    /// It dials.
    case connecting
    /// The connection is open, and both ends are introducing themselves.
    case handshaking
    /// Both ends have introduced themselves.
    case active
    /// It waits until its next attempt to dial.
    case waiting

    /// The name in JSON and on screens.
    public var description: String { rawValue }
}

/// One association with a peer, as this end sees it.
public struct AssociationSnapshot: Hashable, Sendable, Codable {
    /// The peer's address.
    public var peer: NodeAddress
    /// The peer's short name.
    public var peerName: String
    /// The state of its connection.
    public var state: AssociationCondition
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
    /// The number of reconnections.
    public var reconnects: Int
    /// The version of the protocol that both ends agreed on; `nil` before they have met.
    public var protocolVersion: Int?

    /// Creates the figures of an association.
    public init(
        peer: NodeAddress, peerName: String, state: AssociationCondition, framesOut: UInt64 = 0, framesIn: UInt64 = 0,
        bytesOut: UInt64 = 0, bytesIn: UInt64 = 0, queuedBytes: Int = 0, reconnects: Int = 0,
        protocolVersion: Int? = nil
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
        self.protocolVersion = protocolVersion
    }
}

extension NodeSnapshot {
    /// The version of the protocol that this node speaks with a peer; `nil` where they have not met, or where the node
    /// that made the snapshot does not show it.
    ///
    /// - Complexity: O(associations).
    public func protocolVersion(with peer: NodeAddress) -> Int? {
        associations.first { $0.peer == peer }?.protocolVersion
    }
}

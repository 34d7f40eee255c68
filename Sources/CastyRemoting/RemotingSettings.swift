package import CastyCore
public import CastySerialization

/// How a node connects to others: cluster name, codec, timeouts and limits.
public struct RemotingSettings: Sendable {
    /// The name of the cluster. Nodes of another cluster are refused. `nil` takes the system's name.
    public var clusterName: String?
    /// The preferred codec for user messages. The two ends agree on one when they connect.
    public var codec = CodecID.binary
    /// The most bytes one message may take on the wire, including its header.
    public var frameLimit = WireLimits.frame
    /// How long an attempt to connect may take.
    public var connectTimeout = Duration.seconds(5)
    /// How long the handshake may take.
    public var handshakeTimeout = Duration.seconds(5)
    /// How much may be queued for one peer on its user lane.
    public var userQueue = QueueLimits(count: 262_144, bytes: 64 << 20)
    /// How much may be queued for one peer on its control lane.
    public var controlQueue = QueueLimits(count: 16_384, bytes: 8 << 20)
    /// How many signals (watches and their answers) may be under way to one peer. Further watches wait until some
    /// signals are acknowledged.
    public var signalLimit = 65_536
    /// How long a probe connection may last: a connection of its own for one question to a silent peer.
    public var probeConnectionTimeout = Duration.seconds(2)
    /// How many probe connections to one peer, and how many from it, may be under way.
    public var probeConnectionLimit = 4
    /// The pause after the first failed attempt to connect. Each further failure doubles it, up to
    /// ``reconnectMaximum``.
    public var reconnectMinimum = Duration.milliseconds(100)
    /// The longest pause between two attempts.
    public var reconnectMaximum = Duration.seconds(5)
    /// The number of failed attempts in a row after which the messages queued for an address are given up. Does not
    /// apply to the control lane while a connection to the address is requested.
    public var reconnectAttempts = 20
    /// The share of each pause, 0…1, that is random: the pause is shortened by up to this share.
    public var reconnectJitter = 0.3
    /// A connection that has sent nothing for this long sends a ping.
    public var keepAlive = Duration.seconds(5)
    /// After this many such pauses without a byte from the peer, the connection is given up.
    public var keepAliveMisses = 6
    /// How many accepted connections may have a pending handshake. The newest displaces the oldest of the host that has
    /// most of them.
    public var pendingHandshakes = 256
    /// With how many non-members a node may begin associations itself.
    public var associationLimit = 4096
    /// How many non-members may have introduced themselves. The host that most of them came from gives up its oldest
    /// for the newest.
    public var nonMemberLimit = 1024
    /// How long an association with a non-member may be idle before it is dropped. The actual time is between this and
    /// twice as long.
    public var associationIdle = Duration.seconds(30)
    /// How many bytes may be queued for all non-members together: messages, signals, and the watches that they hold
    /// here, each with the memory that it takes beside its bytes. One of them may have at most as many as are left for all
    /// others. What is refused counts as lost with ``LossReason/bufferFull``, and its asker is notified. Above 0.
    public var nonMemberBytes = 16 << 20
    /// How many bytes all connections with non-members may hold together of what has arrived and cannot be delivered
    /// yet: the beginnings of frames, and announced names. One of them may hold at most as many as are left for all
    /// others; one that would hold more is closed. Above 0.
    public var nonMemberInbound = 4 << 20
    /// Nothing is read from a program that is no node while more than this many bytes of answers wait for it, or more
    /// than an eighth of what is left of a quarter of ``nonMemberBytes``. Above 0.
    public var clientBacklog = 256 << 10
    /// How much may be queued for one non-member, in each lane, while the lane has no connection.
    public var nonMemberQueue = QueueLimits(count: 65_536, bytes: 16 << 20)
    /// How long flushing the queues may take when the system shuts down.
    public var shutdownFlush = Duration.seconds(1)
    /// Where to listen, if that is not where other nodes reach this one.
    package var listen: NodeAddress?
    /// A codec of the user's own, for ``codec``.
    package var serializer: CustomSerializer?
    /// Carries both lanes on one connection: a mutation that tests switch on.
    package var mixesLanes = false
    /// The protocol versions that this node speaks: fewer than all in tests, and before a rollback.
    package var versions = ProtocolVersions.spoken
    /// Announces that this node knows frames of the kind ``FrameKind/reply``; off, it is like a build before them.
    package var readsReplies = true
    /// Whether peers must have proven who they are: set where the transport protects connections.
    package var demandsAuthentication = false
    /// This node is an observer: it is never a member.
    package var observes = false

    /// Creates the default settings.
    public init() {}

    /// The capabilities a node announces.
    var capabilities: Capabilities {
        Capabilities(
            codecs: [codec] + [.binary, .json].filter { $0 != codec }, observe: observes,
            acceptsProbeConnections: true, readsContexts: true, readsReplies: readsReplies)
    }
}

/// The limits of a queue.
public struct QueueLimits: Hashable, Sendable {
    /// The most messages.
    public var count: Int
    /// The most bytes.
    public var bytes: Int

    /// Bounds a queue.
    public init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }
}

public import CastySerialization

/// How a node talks to others: its name, its codec, its patience and its bounds.
public struct RemotingSettings: Sendable {
    /// The name of the cluster; nodes of another one are refused. `nil` takes the system's name.
    public var clusterName: String?
    /// The codec wanted for user messages; what the two ends use is agreed when they connect.
    public var codec = CodecID.binary
    /// The most bytes one message may take on the wire, its header included.
    public var frameLimit = WireLimits.frame
    /// How long an attempt to connect may take.
    public var connectTimeout = Duration.seconds(5)
    /// How long the two ends may take to introduce themselves.
    public var handshakeTimeout = Duration.seconds(5)
    /// How much may wait for one peer on its user lane.
    public var userQueue = QueueLimits(count: 262_144, bytes: 64 << 20)
    /// How much may wait for one peer on its control lane.
    public var controlQueue = QueueLimits(count: 16_384, bytes: 8 << 20)
    /// How many watches and their answers may be under way to one peer; further watches wait until some of them have been
    /// acknowledged.
    public var signalLimit = 65_536
    /// How long a call may take: a connection of its own for one question to a silent peer.
    public var callTimeout = Duration.seconds(2)
    /// How many calls to one peer, and from one peer, may be under way.
    public var callLimit = 4
    /// The pause after the first failed attempt to connect; each further one doubles it.
    public var reconnectMinimum = Duration.milliseconds(100)
    /// The longest pause between two attempts.
    public var reconnectMaximum = Duration.seconds(5)
    /// After how many failed attempts in a row what waits for a place is given up, unless a connection to it is kept.
    public var reconnectAttempts = 20
    /// How much of each pause is left to chance, 0…1.
    public var reconnectJitter = 0.3
    /// A connection that has been silent this long says that it is still there.
    public var keepAlive = Duration.seconds(5)
    /// After how many such pauses without a byte from the peer a connection is given up.
    public var keepAliveMisses = 6
    /// How many accepted connections may be without an introduction; the oldest makes room for the newest.
    public var pendingHandshakes = 256
    /// How many places that are no members a node may talk to of itself.
    public var associationLimit = 4096
    /// How many places that are no members may have introduced themselves; the host that most of them came from gives up its
    /// oldest for the newest.
    public var strangerLimit = 1024
    /// How long nothing is said to a place that is no member, and nothing waits for it, before it is forgotten; up to twice as
    /// long.
    public var associationIdle = Duration.seconds(30)
    /// How many bytes may wait for all places together that are no members.
    public var strangerBytes = 128 << 20
    /// How much may wait for one place that is no member, in each lane, while there is no connection with it.
    public var strangerQueue = QueueLimits(count: 65_536, bytes: 16 << 20)
    /// How long what is queued may take to leave when the system ends.
    public var shutdownFlush = Duration.seconds(1)
    /// Both lanes on one connection, as before there were two: the fault that tests bring back.
    package var mixesLanes = false
    /// This node only looks on: it is never a member.
    package var observes = false

    /// Creates the default settings.
    public init() {}

    /// The capabilities a node announces.
    var capabilities: Capabilities {
        Capabilities(
            codecs: codec == .json ? [.json, .binary] : [.binary, .json], observe: observes, isCallable: true)
    }
}

/// How much may wait.
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

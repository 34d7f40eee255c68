public import CastyCluster
public import CastyCore
public import CastyMembership
public import CastyRemoting
public import CastySerialization
public import Logging
public import Tracing

/// How a node is made: set in the closure of ``CastyNode/init(_:_:)``, and checked there.
///
/// ```swift
/// let node = try CastyNode("shop") {
///     $0.bind = "0.0.0.0:25520"
///     $0.advertise = "10.0.0.7:25520"
///     $0.tls = .mutual(certificate: "node.pem", key: "node.key", trust: "ca.pem")  // of CastyTLS
///     $0.seeds = ["10.0.0.7:25520", "10.0.0.8:25520", "10.0.0.9:25520"]
///     $0.timings = .lan.with(heartbeat: .milliseconds(500))
/// }
/// ```
public struct NodeSettings: Sendable {
    // MARK: Addresses

    /// Where the node listens, as `host:port`; the host may be a name. Port 0 takes a free one.
    public var bind = "127.0.0.1:25520"
    /// Where other nodes reach it, as `host:port`, if that is not ``bind``. It is the identity of the node: the seeds of
    /// all nodes must name it the same way. Port 0 takes the port of ``bind``.
    public var advertise: String?
    /// How connections are protected.
    public var tls = ConnectionSecurity.loopbackOnly
    /// Where the node asks for admission; the same on all nodes.
    public var seeds: Seeds = []

    // MARK: Membership

    /// What this node can do: names that entity types and downing strategies refer to.
    public var roles: [String] = []
    /// The times that the membership works with; the same on all nodes.
    public var timings = ClusterTimings.lan
    /// Which members stay when members cannot reach each other; the same on all nodes.
    public var downing = DowningStrategy.keepMajority()
    /// Whether all members go down where the view does not become stable for too long, because links flap; the same on
    /// all nodes.
    public var downsAllWhenUnstable = false
    /// The lease that ``CastyMembership/DowningStrategy/leaseMajority(role:)`` uses.
    public var majorityLease: (any MajorityLease)?
    /// How many members there must be before the first ones become up, at least 1; the same on all nodes.
    public var minimumMembers = 1
    /// Whether this node founds the cluster because it has never run before; see ``ClusterConfig/isFirstStart``.
    public var isFirstStart = false
    /// Whether this cluster ends where it meets another one of its name that is bigger or older.
    public var endsSecondClusters = true
    /// Where this node stores which cluster it is in, across runs of its process; ``FileClusterMemory`` is one.
    public var memory: (any ClusterMemory)?
    /// The store that belongs to the cluster; the same for every node, or none.
    public var store: (any ClusterStore)?

    // MARK: Messages

    /// How messages to other nodes are written.
    public var codec = MessageFormat.binary
    /// The most bytes that a message to another node may take; 64 KiB…64 MiB. Other nodes need at least the same.
    public var frameLimit = ByteCount(bytes: RemotingSettings().frameLimit)
    /// Names of message types that differ from those of the Swift types: `types.register(Order.self, name: "order")`.
    public let types = TypeRegistry()
    /// Whether messages to users' actors and entities of this node are encoded and decoded as if they came from another
    /// node: for tests, which then find what would not travel. A message that does not is lost, its asker is notified,
    /// and a warning says why. Types that are not `Codable` are not affected.
    public var encodeLocalMessages = false
    /// The timeouts and limits of connections. Codec and frame limit are set above.
    public var connections = RemotingSettings()
    /// Carries the connections; TCP by default.
    public var transport: (any MessageTransport)?

    // MARK: Process

    /// How many threads run actors, 1…64; by default as many as there are cores, at least two.
    public var workers: Int?
    /// How long leaving may take at most: by ``CastyNode/leave(within:)`` and after a signal to stop; above zero.
    public var leaveLimit = CastyNode.leaveLimit
    /// The tracer whose contexts travel with messages, and which makes a span of each ask; by default the one that
    /// `InstrumentationSystem` was bootstrapped with before the node is made. Without any, nothing is done, and messages
    /// cost as much as without tracing.
    public var tracer: (any Tracer)?
    /// The logger.
    public var log = Logger(label: "casty")

    var requirements: [(name: String, value: String)] = []

    init() {}

    /// Requires that all nodes of the cluster agree on a value, such as the version of a schema: a node with another
    /// value for the name, or none, is refused when it joins.
    public mutating func require(_ name: String, _ value: String) { requirements.append((name, value)) }
}

/// How messages to other nodes are written.
public struct MessageFormat: Sendable {
    package let id: CodecID
    package let custom: (name: String, serializer: any Serializer)?

    /// Casty's compact binary form of `Codable`.
    public static let binary = MessageFormat(id: .binary, custom: nil)

    /// JSON, which a person can read.
    public static let json = MessageFormat(id: .json, custom: nil)

    /// A serializer of your own. All nodes of the cluster must have the same one, by its name.
    ///
    /// - Parameters:
    ///   - name: Its name, with its version.
    ///   - serializer: The serializer; it needs ``Serializer/encode(_:userInfo:)`` for messages with references.
    public static func custom(_ name: String, _ serializer: any Serializer) -> MessageFormat {
        MessageFormat(id: CodecID(rawValue: 64), custom: (name, serializer))
    }
}

/// A number of bytes.
public struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number.
    public let bytes: Int

    /// Counts bytes.
    public init(bytes: Int) { self.bytes = bytes }

    /// Counts units of 1024 bytes.
    public static func kibibytes(_ count: Int) -> ByteCount { ByteCount(scaling: count, by: 10) }

    /// Counts units of 1024 kibibytes.
    public static func mebibytes(_ count: Int) -> ByteCount { ByteCount(scaling: count, by: 20) }

    private init(scaling count: Int, by shift: Int) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        self.bytes = overflow ? .max : bytes
    }

    /// Compares the numbers.
    public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    /// The number, in the largest unit that it is a multiple of.
    public var description: String {
        if bytes != 0, bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
        if bytes != 0, bytes % 1024 == 0 { return "\(bytes >> 10) KiB" }
        return "\(bytes) bytes"
    }
}

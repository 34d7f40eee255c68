public import CastyCore

/// All nodes of a testbed at one moment, with what only the testbed knows: the truth about nodes and links.
public struct ClusterSnapshot: Hashable, Sendable, Codable {
    /// When it was taken, since the start of the world.
    public var time: Instant
    /// Grows with every change.
    public var version: UInt64
    /// Every node that was ever started, by number: its newest incarnation.
    public var nodes: [NodeSnapshot]
    /// The links that are not as they should be, by from and to.
    public var links: [LinkSnapshot]
    /// The seed, where the world is simulated.
    public var seed: UInt64?
    /// Whether virtual time stands still.
    public var paused: Bool
    /// Virtual seconds per real second; 1 in the live world.
    public var speed: Double
    /// Virtual seconds per real second that this machine reaches, where that is less than `speed`.
    public var reachedSpeed: Double?
    /// User envelopes handled per second over the last second.
    public var envelopesPerSecond: Double
    /// User envelopes lost since the start.
    public var lost: UInt64
    /// What a cut that somebody thinks of would lead to.
    public var outlook: PartitionForecast?

    /// Creates a snapshot of a testbed.
    public init(
        time: Instant, version: UInt64, nodes: [NodeSnapshot], links: [LinkSnapshot] = [], seed: UInt64? = nil,
        paused: Bool = false, speed: Double = 1, envelopesPerSecond: Double = 0, lost: UInt64 = 0
    ) {
        self.time = time
        self.version = version
        self.nodes = nodes
        self.links = links
        self.seed = seed
        self.paused = paused
        self.speed = speed
        self.envelopesPerSecond = envelopesPerSecond
        self.lost = lost
    }
}

/// One direction of a link that was changed.
public struct LinkSnapshot: Hashable, Sendable, Codable {
    /// The sending node's short name.
    public var from: String
    /// The receiving node's short name.
    public var to: String
    /// Whether nothing passes.
    public var cut: Bool
    /// Added delay.
    public var latency: Duration
    /// How far the delay may spread.
    public var jitter: Duration
    /// The share of bytes that need another try, 0…1.
    public var loss: Double

    /// Creates the state of one direction.
    public init(
        from: String, to: String, cut: Bool = false, latency: Duration = .zero, jitter: Duration = .zero,
        loss: Double = 0
    ) {
        self.from = from
        self.to = to
        self.cut = cut
        self.latency = latency
        self.jitter = jitter
        self.loss = loss
    }
}

package import CastyCore

/// All nodes of a testbed at one moment, with facts about nodes and links that only the testbed knows.
package struct ClusterSnapshot: Hashable, Sendable, Codable {
    /// When it was taken, since the start of the run.
    package var time: Instant
    /// Increases with every change.
    package var version: UInt64
    /// Every node that was ever started, by number: its latest incarnation.
    package var nodes: [NodeSnapshot]
    /// The links that differ from their default, by from and to.
    package var links: [LinkSnapshot]
    /// The seed, if the runtime is simulated.
    package var seed: UInt64?
    /// Whether virtual time is paused.
    package var paused: Bool
    /// Virtual seconds per real second; 1 in the live runtime.
    package var speed: Double
    /// Virtual seconds per real second that this machine achieves, if less than `speed`.
    package var reachedSpeed: Double?
    /// User envelopes handled per second over the last second.
    package var envelopesPerSecond: Double
    /// User envelopes lost since the start.
    package var lost: UInt64
    /// The loads that run, in the order of their numbers.
    package var loads: [LoadSnapshot] = []
    /// The forecast for a cut that a user is considering.
    package var forecast: PartitionForecast?
    /// What an observer knows of its own connections; `nil` for a testbed, which knows the state of every node.
    package var observer: ObserverSnapshot?
    /// The latest messages between the nodes, oldest first; `nil` while they are not observed.
    package var crossings: [MessageCrossing]?

    /// Creates a snapshot of a testbed.
    package init(
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
package struct LinkSnapshot: Hashable, Sendable, Codable {
    /// The sending node's short name.
    package var from: String
    /// The receiving node's short name.
    package var to: String
    /// Whether the direction is cut.
    package var cut: Bool
    /// Added delay.
    package var latency: Duration
    /// The spread of the delay.
    package var jitter: Duration
    /// The share of bytes that have to be resent, 0…1.
    package var loss: Double

    /// Creates the state of one direction.
    package init(
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

/// A stream of messages that a testbed sends to entities.
package struct LoadSnapshot: Hashable, Sendable, Codable {
    /// Counts the loads of a run from 1 on.
    package var number: Int
    /// Its rate, the number of its entities and its duration, as the scenario language writes them.
    package var text: String
    /// When it ends by itself.
    package var until: Instant

    /// Creates the state of a load.
    package init(number: Int, text: String, until: Instant) {
        self.number = number
        self.text = text
        self.until = until
    }
}

/// The behavior of one direction between two hosts.
package struct LinkProfile: Hashable, Sendable {
    /// The delay of a byte.
    package var latency: Duration
    /// How much shorter or longer the delay may be, uniformly distributed.
    package var jitter: Duration
    /// The mean of an additional, exponentially distributed delay: mostly short, at times several times as long.
    package var tail: Duration
    /// Bytes per second, for all connections together; `nil` for unlimited.
    package var bandwidth: Int?
    /// The probability, 0…1, that a piece is lost and has to be sent again; see ``Recovery``.
    package var loss: Double
    /// The probability, 0…1, that a single write arrives in pieces.
    package var splitting: Double
    /// The most bytes that arrive at a time; `nil` for no limit.
    package var pieceLimit: Int?
    /// The probability, 0…1, that a bit of a piece is flipped.
    package var corruption: Double

    /// Creates a profile.
    package init(
        latency: Duration = .microseconds(500), jitter: Duration = .microseconds(200),
        tail: Duration = .zero, bandwidth: Int? = nil,
        loss: Double = 0, splitting: Double = 0.05, pieceLimit: Int? = nil, corruption: Double = 0
    ) {
        self.latency = latency
        self.jitter = jitter
        self.tail = tail
        self.bandwidth = bandwidth
        self.loss = loss
        self.splitting = splitting
        self.pieceLimit = pieceLimit
        self.corruption = corruption
    }

    /// A local network: 0.5 ms ± 0.2 ms.
    package static let lan = LinkProfile()
}

/// The limits of all simulated connections.
package enum SimulatedLimits {
    /// How many bytes may be sent and not yet consumed by the receiver.
    package static let window = 256 * 1024
    /// How much longer than a round trip a sender waits for an acknowledgement: `TCP_RTO_MIN` of Linux.
    package static let retransmission = Duration.milliseconds(200)
    /// How long the opening of a connection waits for an answer. Each further wait is twice as long (RFC 6298, 2.1).
    package static let openingTimeout = Duration.seconds(1)
    /// How long a link may be cut before its connections are reset.
    package static let cutTolerance = Duration.seconds(10)
}

package import CastyCore
package import CastySerialization

/// What a node can do, as it tells a peer. Bits and codecs a node does not know are ignored.
package struct Capabilities: Sendable, Equatable {
    /// The codecs for user messages, most wanted first.
    package var codecs: [CodecID]
    /// The connection observes: its node is never a member, never counted, never monitored.
    package var observe: Bool
    /// The node knows what a call is.
    package var isCallable: Bool
    /// The connection is a call: a question and its answer, beside the one that stands between the two nodes.
    package var isCall: Bool
    /// Which lanes the connection carries.
    package var lanes: ConnectionLanes

    package init(
        codecs: [CodecID] = [.binary, .json], observe: Bool = false, isCallable: Bool = false, isCall: Bool = false,
        lanes: ConnectionLanes = .both
    ) {
        self.codecs = codecs
        self.observe = observe
        self.isCallable = isCallable
        self.isCall = isCall
        self.lanes = lanes
    }
}

/// Which of an association's two lanes a connection carries.
package enum ConnectionLanes: Sendable, Hashable {
    /// One connection for all, of a node that cannot be dialled.
    case both
    /// Heartbeats, gossip, signals, what the runtime's own actors say.
    case control
    /// Everything else.
    case user
}

/// Why a node does not talk to another.
package enum RefusalReason: UInt8, Sendable, Hashable, CaseIterable {
    /// A reason this version does not know.
    case unknown = 0
    case malformed = 1
    case wrongVersion = 2
    case wrongCluster = 3
    /// Another node lives at the place that was dialled.
    case notAddressed = 4
    /// The process that was meant is gone; another runs at its place.
    case wrongIncarnation = 5
    case shuttingDown = 6
    /// Both nodes dialled, or dialled twice: another connection serves this pair.
    case duplicate = 7
    case noCommonCodec = 8
    /// Too many connections; try again.
    case busy = 9

    /// Whether another attempt may succeed without anyone changing a setting.
    package var isTransient: Bool {
        switch self {
        case .shuttingDown, .duplicate, .busy: true
        case .unknown, .malformed, .wrongVersion, .wrongCluster, .notAddressed, .wrongIncarnation, .noCommonCodec: false
        }
    }
}

/// The three frames before an association is open.
package enum HandshakeMessage: Sendable, Equatable {
    case hello(Hello)
    case welcome(Welcome)
    case refusal(Refusal)

    package struct Hello: Sendable, Equatable {
        package var version: UInt16
        package var cluster: String
        package var from: UniqueAddress
        package var to: NodeAddress
        /// The incarnation that is meant, where it is known.
        package var expected: UInt64?
        package var capabilities: Capabilities

        package init(
            version: UInt16, cluster: String, from: UniqueAddress, to: NodeAddress, expected: UInt64?,
            capabilities: Capabilities
        ) {
            self.version = version
            self.cluster = cluster
            self.from = from
            self.to = to
            self.expected = expected
            self.capabilities = capabilities
        }
    }

    package struct Welcome: Sendable, Equatable {
        package var version: UInt16
        package var cluster: String
        package var from: UniqueAddress
        /// Who is welcomed: the caller's own identity, read back to it.
        package var to: UniqueAddress
        package var capabilities: Capabilities

        package init(
            version: UInt16, cluster: String, from: UniqueAddress, to: UniqueAddress, capabilities: Capabilities
        ) {
            self.version = version
            self.cluster = cluster
            self.from = from
            self.to = to
            self.capabilities = capabilities
        }
    }

    package struct Refusal: Sendable, Equatable {
        package var reason: RefusalReason
        package var message: String
        /// Who refuses, so that the caller learns of a new incarnation.
        package var from: UniqueAddress?

        package init(reason: RefusalReason, message: String, from: UniqueAddress?) {
            self.reason = reason
            self.message = message
            self.from = from
        }
    }
}

package import CastyCore
package import CastySerialization

/// What a node can do, as it states to a peer. A node ignores bits and codecs that it does not know.
package struct Capabilities: Sendable, Equatable {
    /// The codecs for user messages, in order of preference.
    package var codecs: [CodecID]
    /// The connection belongs to an observer: a node that is never a member, never counted and never monitored.
    package var observe: Bool
    /// The node supports probe connections.
    package var acceptsProbeConnections: Bool
    /// The connection is a probe connection: a question and its answer, in addition to the standing connections between the two
    /// nodes.
    package var isProbeConnection: Bool
    /// The node knows messages that carry their sender's context, and reads over it where it has no tracer.
    package var readsContexts: Bool
    /// The node knows frames of the kind ``FrameKind/reply``. To one that does not, replies go as usual messages.
    package var readsReplies: Bool
    /// Which lanes the connection carries.
    package var lanes: ConnectionLanes

    package init(
        codecs: [CodecID] = [.binary, .json], observe: Bool = false, acceptsProbeConnections: Bool = false,
        isProbeConnection: Bool = false, readsContexts: Bool = false,
        readsReplies: Bool = false, lanes: ConnectionLanes = .both
    ) {
        self.codecs = codecs
        self.observe = observe
        self.acceptsProbeConnections = acceptsProbeConnections
        self.isProbeConnection = isProbeConnection
        self.readsContexts = readsContexts
        self.readsReplies = readsReplies
        self.lanes = lanes
    }
}

/// Which of an association's two lanes a connection carries.
package enum ConnectionLanes: Sendable, Hashable {
    /// One connection for both lanes, used by a node that cannot be dialled.
    case both
    /// Heartbeats, gossip, signals and the messages of the runtime's own actors.
    case control
    /// Everything else.
    case user
}

/// Why a node refuses a connection.
package enum RefusalReason: UInt8, Sendable, Hashable, CaseIterable {
    /// A reason this version does not know.
    case unknown = 0
    case malformed = 1
    case wrongVersion = 2
    case wrongCluster = 3
    /// A node with another address answered at the address that was dialled.
    case notAddressed = 4
    /// The incarnation that was dialled for is gone; another one runs at its address.
    case wrongIncarnation = 5
    case shuttingDown = 6
    /// Another connection already serves this pair, because both nodes dialled or one dialled twice.
    case duplicate = 7
    case noCommonCodec = 8
    /// The caller cannot be admitted now: there are too many associations, another incarnation is known at its address
    /// and is asked first, or a probe connection comes from an unknown incarnation. The caller may try again.
    case busy = 9
    /// The cluster demands credentials, and the connection carries none.
    case notAuthenticated = 10
    /// The credentials do not allow what the peer states about itself.
    case notAllowed = 11
}

/// The three frames that are exchanged before an association is open.
package enum HandshakeMessage: Sendable, Equatable {
    case hello(Hello)
    case welcome(Welcome)
    case refusal(Refusal)

    package struct Hello: Sendable, Equatable {
        /// What the caller speaks.
        package var versions: ProtocolVersions
        package var cluster: String
        package var from: UniqueAddress
        package var to: NodeAddress
        /// The incarnation that the caller wants to reach, where known.
        package var expected: UInt64?
        package var capabilities: Capabilities

        package init(
            versions: ProtocolVersions = .spoken, cluster: String, from: UniqueAddress, to: NodeAddress,
            expected: UInt64?, capabilities: Capabilities
        ) {
            self.versions = versions
            self.cluster = cluster
            self.from = from
            self.to = to
            self.expected = expected
            self.capabilities = capabilities
        }
    }

    package struct Welcome: Sendable, Equatable {
        /// The version that the called node has chosen for the connection.
        package var version: UInt16
        /// What the called node speaks, so that the caller can check the choice.
        package var versions: ProtocolVersions
        package var cluster: String
        package var from: UniqueAddress
        /// The caller's own identity, read back to it.
        package var to: UniqueAddress
        package var capabilities: Capabilities

        package init(
            version: UInt16, versions: ProtocolVersions = .spoken, cluster: String, from: UniqueAddress,
            to: UniqueAddress, capabilities: Capabilities
        ) {
            self.version = version
            self.versions = versions
            self.cluster = cluster
            self.from = from
            self.to = to
            self.capabilities = capabilities
        }
    }

    package struct Refusal: Sendable, Equatable {
        package var reason: RefusalReason
        package var message: String
        /// The refusing node, so that the caller learns of a new incarnation.
        package var from: UniqueAddress?

        package init(reason: RefusalReason, message: String, from: UniqueAddress?) {
            self.reason = reason
            self.message = message
            self.from = from
        }
    }
}

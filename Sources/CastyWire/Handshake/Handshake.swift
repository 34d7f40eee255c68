package import CastyPrimitives

/// The conversation that opens a connection, of either side: a value that is told what happens and says what to do.
package struct Handshake: Sendable {
    /// What a node says about itself.
    package struct Settings: Sendable, Equatable {
        package var cluster: String
        package var local: UniqueAddress
        package var capabilities: Capabilities
        /// How long the whole conversation may take.
        package var timeout: Duration

        package init(
            cluster: String, local: UniqueAddress, capabilities: Capabilities = Capabilities(), timeout: Duration = .seconds(5)
        ) {
            self.cluster = cluster
            self.local = local
            self.capabilities = capabilities
            self.timeout = timeout
        }
    }

    /// The other side, as the conversation established it.
    package struct Peer: Sendable, Equatable {
        package var address: UniqueAddress
        package var capabilities: Capabilities
        /// The codec for user messages: the first the caller wants that the called one knows.
        package var codec: CodecID
    }

    package struct Failure: Error, Sendable, Equatable {
        package enum Code: Sendable, Equatable {
            /// The peer refused.
            case refused(RefusalReason)
            /// This side refused.
            case refuses(RefusalReason)
            case timedOut
            /// A frame came that has no place in the conversation.
            case outOfTurn
            case closed
        }
        package var code: Code
        package var message: String
        /// Who lives at the other end, where that is known.
        package var peer: UniqueAddress?
    }

    package enum Effect: Sendable, Equatable {
        /// Send, on the control lane.
        case send(HandshakeMessage)
        /// Call `onDeadline` at this instant, unless the conversation has ended by then.
        case arm(Instant)
        /// A caller is fit to be welcomed: answer with `onAdmitted` or `onRefused`.
        case decide(Peer)
        /// The association is open; later frames are the association's.
        case established(Peer)
        /// Close, after what was sent is flushed.
        case close(Failure)
    }

    /// The side that connected.
    package init(calling address: NodeAddress, incarnation: UInt64? = nil, _ settings: Settings) {}
    /// The side that was connected to.
    package init(called settings: Settings) {}

    package var isEstablished: Bool { false }
    package mutating func onConnected(at now: Instant) -> [Effect] { [] }
    package mutating func onFrame(_ frame: Frame, at now: Instant) -> [Effect] { [] }
    package mutating func onAdmitted(at now: Instant) -> [Effect] { [] }
    package mutating func onRefused(_ reason: RefusalReason, at now: Instant) -> [Effect] { [] }
    package mutating func onDeadline(at now: Instant) -> [Effect] { [] }
    package mutating func onClosed(at now: Instant) -> [Effect] { [] }
}

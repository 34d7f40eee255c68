import CastyActors
import CastyCore
import CastyPlacement
import NIOCore

/// A message that cannot pass the region's actor by, and waits for it.
struct WaitingMessage: Sendable {
    let entity: LocalEntity
    let payload: ErasedMessage
    let origin: Origin
    /// Whether it was encoded and decoded, and shares no memory with its sender.
    let isCopy: Bool
    /// The delivery for the route that was open when the message came.
    var encoded: EncodedDelivery?

    init(
        _ payload: ErasedMessage, for entity: LocalEntity, _ origin: Origin, isCopy: Bool = false,
        encoded: EncodedDelivery? = nil
    ) {
        self.entity = entity
        self.payload = payload
        self.origin = origin
        self.isCopy = isCopy
        self.encoded = encoded
    }

    enum Origin: Sendable {
        /// A caller on this node. For a question: how long its asker waits while there is no home.
        case caller(AskPatience?)
        /// Another node.
        case node(ShardDelivery<ErasedMessage>, EnvelopeHead)
    }
}

/// A delivery that is encoded for a route, and lacks its number.
struct EncodedDelivery: Sendable {
    let route: RemoteShard
    let bytes: ByteBuffer
    /// Where the number belongs.
    let numberIndex: Int
    /// The question in it.
    let asker: AnyActorCell?
}

import CastyActors
import CastyCore
import CastyPlacement
import NIOCore

/// A message that cannot pass the region's actor by, and waits for it.
struct WaitingMessage: Sendable {
    let entity: LocalEntity
    let payload: ErasedMessage
    let origin: Origin
    /// The delivery for the route that was open when the message came.
    var encoded: EncodedDelivery?

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

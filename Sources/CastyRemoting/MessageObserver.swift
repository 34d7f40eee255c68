package import CastyCore
package import CastyObservability
package import CastySerialization
import NIOCore
import Synchronization

/// Sees the messages that cross the connections of a node.
package protocol MessageObserver: AnyObject, Sendable {
    /// A message was written to a connection.
    func sent(_ message: ObservedMessage, on connection: ObjectIdentifier)
    /// A message arrived, and is about to be decoded.
    func received(_ message: ObservedMessage)
    /// A connection ended: of what was written to it, nothing arrives any more.
    func ended(_ connection: ObjectIdentifier)
}

/// One encoded message on a connection.
package struct ObservedMessage: Sendable {
    /// The node at the other end.
    package let peer: NodeAddress
    /// The path of the actor that the message is for.
    package let target: [String]
    /// The registered name of its type.
    package let type: String
    let codec: CodecID
    let payload: ByteBuffer

    /// The encoded size, without its header.
    package var bytes: Int { payload.readableBytes }

    /// What it says: the runtime's own messages are decoded once more, of users' messages only the type counts.
    package func content(_ registry: TypeRegistry) -> MessageContent {
        let reader = ContentReader()
        if let registered = registry.find(named: type), registered.isNative {
            var payload = payload
            // What cannot be read is shown by its type; the receiver reports the error.
            try? registered.decode(from: &payload, codec: codec, context: .empty, into: reader)
        }
        return reader.content ?? .message(type: type)
    }
}

private final class ContentReader: DecodedMessageReceiver {
    var content: MessageContent?

    func receive<Message: Sendable>(_ message: Message) {
        content = (message as? any MessageDescribing)?.messageContent
    }
}

extension Remoting {
    /// Begins to report each message that crosses a connection, or ends it.
    package func observe(_ observer: (any MessageObserver)?) {
        state.withLock { $0.observer = observer }
        isObserved.store(observer != nil, ordering: .relaxed)
    }

    /// Who sees the messages. Costs one relaxed load while no one does.
    var observer: (any MessageObserver)? {
        isObserved.load(ordering: .relaxed) ? state.withLock { $0.observer } : nil
    }
}

extension Link {
    /// Reports the messages of a batch that were written since its frame at `index` was the next one.
    func observe(_ batch: Batch, since index: Int, from peer: NodeAddress, _ observer: any MessageObserver) {
        batch.forEachTaken(since: index) { frame, payload in
            observer.sent(
                ObservedMessage(
                    peer: peer, target: frame.destination.address.path, type: frame.destination.wireType,
                    codec: frame.codec, payload: payload), on: ObjectIdentifier(self))
        }
    }

    /// Reports a message that has arrived.
    func observe(_ frame: Frame, _ observer: any MessageObserver) {
        guard let peer = established?.address, let target = frame.header.target, let type = frame.header.type else {
            return
        }
        observer.received(
            ObservedMessage(
                peer: peer, target: target.path, type: type, codec: frame.header.codec, payload: frame.payload))
    }
}

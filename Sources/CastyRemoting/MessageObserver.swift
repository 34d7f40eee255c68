package import CastyCore
package import CastyObservability
package import CastySerialization
package import NIOCore
import Synchronization

/// Sees the messages that cross the connections of a node.
package protocol MessageObserver: AnyObject, Sendable {
    /// A message is about to be queued for a peer.
    func queued(_ message: ObservedMessage)
    /// The oldest queued message of a route was written to a connection.
    func written(_ route: MessageRoute, on connection: ObjectIdentifier)
    /// The oldest queued message of a route will not be written.
    func dropped(_ route: MessageRoute, _ reason: LossReason)
    /// A message arrived, and is about to be decoded.
    func received(_ message: ObservedMessage)
    /// A connection ended: of what was written to it, nothing arrives any more.
    func ended(_ connection: ObjectIdentifier)
}

/// What messages have in common that arrive in the order in which they were sent.
package struct MessageRoute: Hashable, Sendable {
    /// The node at the other end.
    package let peer: NodeAddress
    /// The path of the actor that the messages are for.
    package let target: [String]
    /// The registered name of their type.
    package let type: String
}

/// One encoded message for a peer.
package struct ObservedMessage: Sendable {
    package let route: MessageRoute
    package let codec: CodecID
    package let payload: ByteBuffer

    init(to destination: Destination, at peer: NodeAddress, _ codec: CodecID, _ payload: ByteBuffer) {
        route = destination.route(to: peer)
        self.codec = codec
        self.payload = payload
    }

    init(_ route: MessageRoute, _ codec: CodecID, _ payload: ByteBuffer) {
        self.route = route
        self.codec = codec
        self.payload = payload
    }

    /// A hash of the encoded message.
    package var fingerprint: UInt64 {
        var hash = StableHash()
        payload.withUnsafeReadableBytes { hash.combine(bytes: $0) }
        return hash.value
    }

    /// The encoded size, without its header.
    package var bytes: Int { payload.readableBytes }

    /// What it says: the runtime's own messages are decoded once more, of users' messages only the type counts.
    package func content(_ registry: TypeRegistry) -> MessageContent {
        let reader = ContentReader()
        if let registered = registry.find(named: route.type), registered.isInternal {
            var payload = payload
            // What cannot be read is shown by its type; the receiver reports the error.
            if TracePart.isIn(codec) { _ = try? TracePart.read(from: &payload) }
            try? registered.decode(from: &payload, codec: TracePart.unmarked(codec), context: .empty, into: reader)
        }
        return reader.content ?? .message(type: route.type)
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

extension Destination {
    func route(to peer: NodeAddress) -> MessageRoute {
        MessageRoute(peer: peer, target: address.path, type: wireType)
    }
}

extension Link {
    /// Reports the messages of a batch that were written since its frame at `index` was the next one.
    func observe(_ batch: Batch, since index: Int, to peer: NodeAddress, _ observer: any MessageObserver) {
        for frame in batch.taken(since: index) {
            observer.written(frame.destination.route(to: peer), on: ObjectIdentifier(self))
        }
    }

    /// Reports the messages of a probe connection, which no association has queued.
    func announce(_ batch: Batch, to peer: NodeAddress, _ observer: any MessageObserver) {
        batch.forEachWaiting { frame, payload in
            observer.queued(ObservedMessage(to: frame.destination, at: peer, frame.codec, payload))
        }
    }

    /// Reports a message that has arrived.
    func observe(_ frame: Frame, _ observer: any MessageObserver) {
        guard let peer = established?.address, let target = frame.header.target, let type = frame.header.type else {
            return
        }
        let route = MessageRoute(peer: peer, target: target.path, type: type)
        observer.received(ObservedMessage(route, frame.header.codec, frame.payload))
    }
}

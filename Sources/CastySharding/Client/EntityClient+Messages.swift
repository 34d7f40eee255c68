package import CastyActors
import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore

/// Messages in the type that the entities take.
extension EntityClient {
    /// The request that asks an entity.
    ///
    /// - Throws: ``ClientError`` with the code ``ClientError/Code/badRequest`` where the message does not travel.
    package func question<Message: Sendable, Reply: Sendable>(
        for entity: String, _ type: EntityType<Message>, repeatsLost: Bool,
        _ question: (ActorRef<Reply>) -> Message
    ) throws(ClientError) -> Request {
        let message = question(system.placeholder(at: ClientProtocol.replyPath))
        let value = try encoded(message, for: type.name)
        return Request(route: .entity(Self.key(type.name, entity)), repeatsLost: repeatsLost) { left in
            .message(
                ClientMessage(
                    type: type.name, entity: entity, value: value, milliseconds: ClientProtocol.milliseconds(left)))
        }
    }

    /// The request that sends an entity a message.
    ///
    /// - Throws: As ``question(for:_:repeatsLost:_:)`` does.
    package func message<Message: Sendable>(
        _ message: Message, for entity: String, _ type: EntityType<Message>
    ) throws(ClientError) -> Request {
        let value = try encoded(message, for: type.name)
        return Request(route: .entity(Self.key(type.name, entity))) { _ in
            .message(ClientMessage(type: type.name, entity: entity, value: value, milliseconds: nil))
        }
    }

    /// The reply to a question, in its type.
    ///
    /// - Throws: ``ClientError`` with the code ``ClientError/Code/failed`` where it cannot be read.
    package func value<Value: Sendable>(of reply: Reply, as type: Value.Type) throws(ClientError) -> Value {
        guard let value = reply.value else {
            throw ClientError(.failed, "\(reply.node) answered without a value")
        }
        do {
            let registered = try system.registry.registration(of: Value.self)
            guard registered.name == value.name else {
                throw ClientError(.failed, "the reply is a \(value.name.prefix(100)), not a \(registered.name)")
            }
            var bytes = ByteBuffer(bytes: value.bytes)
            return try registered.decode(from: &bytes, codec: CodecID(rawValue: value.codec), context: context)
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(.failed, "the reply cannot be read: \(error)")
        }
    }

    private func encoded<Message: Sendable>(_ message: Message, for type: String) throws(ClientError) -> EncodedValue {
        let limit = ClientProtocol.longestMessage(settings.frameLimit)
        do {
            let registered = try system.registry.registration(of: Message.self)
            let codec = registered.codec(agreed: settings.codec)
            var bytes = ByteBuffer()
            try registered.encode(message, with: codec, context: context, into: &bytes)
            guard bytes.readableBytes <= limit else {
                throw ClientError(
                    .badRequest, "a message for \(type) has \(bytes.readableBytes) bytes, and at most \(limit) travel")
            }
            return EncodedValue(name: registered.name, codec: codec.rawValue, bytes: Array(bytes.readableBytesView))
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(.badRequest, "a message for \(type) cannot be sent: \(error)")
        }
    }

    private var context: CodingContext {
        CodingContext(userInfo: [.actorSystem: system], serializer: settings.serializer)
    }

    /// The same for all messages to one entity: one node forwards them, in their order.
    private static func key(_ type: String, _ entity: String) -> UInt64 {
        StableHash.fnv1a("\(type) \(EntityID.canonical(entity))")
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyPlacement
import CastyRemoting
import CastySerialization
import NIOCore
import Synchronization

/// The codec of the users' messages of one shard type.
package final class PayloadCodec: Sendable {
    /// The shard type.
    let type: String
    /// The codec that this node writes with, whose number precedes the content of each message; `nil` where the content
    /// begins with it.
    let codec: CodecID?
    /// Writes the content of a message.
    let encodeContent: @Sendable (ErasedMessage, CodingContext, inout ByteBuffer) throws -> Void
    /// Reads the number of a codec, and the content that follows it.
    let decode: @Sendable (inout ByteBuffer, CodingContext) throws -> ErasedMessage
    /// Makes what decodes messages for entities of this node in batches; `nil` where none are decoded.
    let makeBatch: (@Sendable () -> DeliveryBatch)?

    private init(
        type: String, codec: CodecID? = nil,
        encodeContent: @escaping @Sendable (ErasedMessage, CodingContext, inout ByteBuffer) throws -> Void,
        decode: @escaping @Sendable (inout ByteBuffer, CodingContext) throws -> ErasedMessage,
        makeBatch: (@Sendable () -> DeliveryBatch)? = nil
    ) {
        self.type = type
        self.makeBatch = makeBatch
        self.codec = codec
        self.encodeContent = encodeContent
        self.decode = decode
    }

    /// Writes the number of the codec, and the content of a message.
    func encode(_ message: ErasedMessage, _ context: CodingContext, _ buffer: inout ByteBuffer) throws {
        if let codec { buffer.writeInteger(codec.rawValue) }
        try encodeContent(message, context, &buffer)
    }

    /// For messages that are not `Codable`: they reach the entities of this node, and none elsewhere.
    convenience init<Message: Sendable>(local type: String, of message: Message.Type) {
        let reason = "\(String(reflecting: message)) is not Codable, so it reaches only what runs on its own node"
        self.init(
            type: type, encodeContent: { _, _, _ in throw WireError(.notEncodable, reason) },
            decode: { _, _ in throw WireError(.unsupportedCodec, reason) })
    }

    /// - Parameter codec: The codec that this node writes with. Each message names its codec, so that every node can
    ///   read it.
    convenience init<Message: Sendable>(_ type: String, _ registered: RegisteredType<Message>, _ codec: CodecID) {
        let codec = registered.codec(agreed: codec)
        // Looked up once, and not for each message: this code does not know the type.
        let expected: AnyClass = TypedMessage<Message>.self
        self.init(
            type: type, codec: codec,
            encodeContent: { erased, context, buffer in
                guard Swift.type(of: erased) == expected else {
                    throw WireError(.notEncodable, "a message of another type than those of \(type)")
                }
                let message = unsafeDowncast(erased, to: TypedMessage<Message>.self).message
                try registered.encode(message, with: codec, context: context, into: &buffer)
            },
            decode: { buffer, context in
                let codec = CodecID(rawValue: try buffer.readByte())
                do {
                    return TypedMessage(try registered.decode(from: &buffer, codec: codec, context: context))
                } catch {
                    throw UnreadableMessage(registered.name, of: type, error)
                }
            },
            makeBatch: { TypedDeliveryBatch(registered) })
    }
}

extension Cluster {
    /// The codec of the messages of a shard type or singleton; one that writes and reads none where they are not
    /// `Codable`.
    ///
    /// - Throws: ``ShardingError`` if another type has the name of their type.
    func payloadCodec<Message: Sendable>(
        _ name: String, of message: Message.Type
    ) throws(ShardingError) -> PayloadCodec {
        do {
            return PayloadCodec(
                name, try system.registry.registration(of: message), remoting?.settings.codec ?? .binary)
        } catch  where error.code == .notCodable {
            return PayloadCodec(local: name, of: message)
        } catch {
            throw ShardingError(.notRegistered, "\(name): \(error); register \(message) under a name of its own")
        }
    }
}

/// The undecoded bytes of a message of a shard type that does not run here: it can be sent back, but not read.
struct UnreadPayload: Sendable {
    let bytes: ByteBuffer
}

extension PayloadCodec {
    /// The codec of a shard type that does not run here.
    convenience init(unread type: String) {
        self.init(
            type: type,
            encodeContent: { erased, _, buffer in
                guard let unread: UnreadPayload = erased.unwrap() else {
                    throw WireError(.notEncodable, "a message of \(type) that was read already")
                }
                buffer.writeImmutableBuffer(unread.bytes)
            },
            decode: { buffer, _ in
                let bytes = ByteBuffer(bytes: buffer.readableBytesView)
                buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
                return TypedMessage(UnreadPayload(bytes: bytes))
            })
    }
}

/// Sender, receiver and shard type of an envelope: the same for all messages of one type from one node to another.
package final class EnvelopeHead: Sendable {
    let from: UniqueAddress
    let to: UniqueAddress
    let payloads: PayloadCodec
    /// The encoded head.
    let bytes: ByteBuffer
    /// The number of the last view of the members in which the region has found the sender; 0 before.
    let memberOfView = Atomic<UInt64>(0)

    init(from: UniqueAddress, to: UniqueAddress, payloads: PayloadCodec) {
        self.from = from
        self.to = to
        self.payloads = payloads
        var bytes = ByteBuffer()
        from.encode(into: &bytes)
        to.encode(into: &bytes)
        bytes.writeText(payloads.type)
        self.bytes = bytes
    }
}

/// The codecs of all shard types of one node.
package final class PayloadCodecs: Sendable {
    private struct State {
        var codecs: [String: PayloadCodec] = [:]
        /// Heads that were read, so that the next one with the same bytes need not be parsed.
        var heads: [ByteBuffer: EnvelopeHead] = [:]
        /// The head read last. Most envelopes have the head of the one before, which is compared and not hashed.
        var last: EnvelopeHead?

        mutating func head(_ bytes: ByteBuffer) -> EnvelopeHead? {
            if let last, last.bytes == bytes { return last }
            last = heads[bytes]
            return last
        }

        mutating func forgetHeads() {
            heads = [:]
            last = nil
        }
    }

    private static let mostHeads = 4096
    private let state = Mutex(State())

    func add(_ codec: PayloadCodec) {
        state.withLock { state in
            state.codecs[codec.type] = codec
            // Cached heads refer to the codec that was registered when they were read.
            state.forgetHeads()
        }
    }

    /// Reads the head of an envelope.
    func head(from buffer: inout ByteBuffer) throws(WireError) -> EnvelopeHead {
        var bytes = try buffer.readBlob()
        if let known = state.withLock({ $0.head(bytes) }) { return known }
        let from = try UniqueAddress(from: &bytes)
        let to = try UniqueAddress(from: &bytes)
        let type = try bytes.readText(upTo: WireLimits.typeName)
        guard !type.isEmpty else { throw WireError(.malformed, "a shard type has a name") }
        guard let codec = state.withLock({ $0.codecs[type] }) else {
            return EnvelopeHead(from: from, to: to, payloads: PayloadCodec(unread: type))
        }
        let head = EnvelopeHead(from: from, to: to, payloads: codec)
        state.withLock { state in
            if state.heads.count >= Self.mostHeads { state.forgetHeads() }
            state.heads[head.bytes] = head
        }
        return head
    }
}

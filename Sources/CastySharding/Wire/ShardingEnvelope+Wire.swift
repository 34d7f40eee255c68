import CastyCore
import CastyPlacement
import CastySerialization
import NIOCore

/// The most shards, pins or nodes that one message may name.
private let mostEntries = 16_384

extension RegionCommand {
    /// Sharding actors exchange only envelopes.
    ///
    /// - Parameter payloads: The codecs of the users' messages, for each shard type.
    static func codec(_ payloads: PayloadCodecs) -> MessageCodec<RegionCommand> {
        MessageCodec(
            encode: { command, context, buffer in
                guard case .wire(let envelope) = command else {
                    throw WireError(.notEncodable, "only an envelope travels between sharding actors")
                }
                buffer.writeBlob(envelope.head.bytes)
                switch envelope.message {
                case .request(let request):
                    buffer.writeInteger(1 as UInt8)
                    request.encode(into: &buffer)
                case .order(let epoch, let order):
                    buffer.writeInteger(2 as UInt8)
                    epoch.encode(into: &buffer)
                    order.encode(into: &buffer)
                case .peer(let message):
                    buffer.writeInteger(3 as UInt8)
                    try Self.encode(message, envelope.head.payloads, context, into: &buffer)
                }
            },
            decode: { buffer, context in
                let head = try payloads.head(from: &buffer)
                try context.require(sender: head.from)
                let message: ShardingMessage<ErasedMessage>
                switch try buffer.readByte() {
                case 1: message = .request(try CoordinatorRequest(from: &buffer))
                case 2: message = .order(try CoordinatorEpoch(from: &buffer), try CoordinatorOrder(from: &buffer))
                case 3: message = .peer(try Self.peerMessage(from: &buffer, head.payloads, context))
                case let byte: throw WireError(.malformed, "\(byte) is no sharding message")
                }
                return .wire(ShardingEnvelope(head: head, message: message))
            })
    }

    private static func encode(
        _ message: PeerMessage<ErasedMessage>, _ payloads: PayloadCodec, _ context: CodingContext,
        into buffer: inout ByteBuffer
    ) throws {
        switch message {
        case .deliver(let delivery):
            buffer.writeInteger(1 as UInt8)
            try encode(delivery, payloads, context, into: &buffer)
        case .notHome(let delivery, let known):
            buffer.writeInteger(2 as UInt8)
            buffer.writeOptional(known)
            try encode(delivery, payloads, context, into: &buffer)
        case .streamEnd(let shard, let token, let handoff):
            buffer.writeInteger(3 as UInt8)
            buffer.writeVarint(shard)
            buffer.writeVarint(token)
            buffer.writeOptional(handoff)
        case .streamClosed(let shard, let token):
            buffer.writeInteger(4 as UInt8)
            buffer.writeVarint(shard)
            buffer.writeVarint(token)
        case .transferred(let shard):
            buffer.writeInteger(5 as UInt8)
            buffer.writeVarint(shard)
        case .passivate(let entity):
            buffer.writeInteger(6 as UInt8)
            buffer.writeText(entity)
        }
    }

    private static func encode(
        _ delivery: ShardDelivery<ErasedMessage>, _ payloads: PayloadCodec, _ context: CodingContext,
        into buffer: inout ByteBuffer
    ) throws {
        buffer.writeVarint(delivery.shard)
        buffer.writeText(delivery.entity)
        delivery.version.encode(into: &buffer)
        buffer.writeVarint(delivery.sequence)
        buffer.writeInteger(marks(isRetry: delivery.isRetry, delivery.asks))
        try payloads.encode(delivery.payload, context, &buffer)
    }

    /// One byte for both: the lowest bit says whether the delivery was returned before; the bits above hold the asker's
    /// patience, if any.
    static func marks(isRetry: Bool, _ asks: AskPatience?) -> UInt8 {
        (isRetry ? 1 : 0) | (asks?.rawValue ?? 0) << 1
    }

    /// The bytes before and after the entity's id that are the same for all deliveries to a shard on another node. A
    /// number, the marks and the message follow.
    static func deliveryParts(
        _ head: EnvelopeHead, shard: Int, version: ShardVersion
    ) -> (prefix: ByteBuffer, version: ByteBuffer) {
        var (prefix, suffix) = (ByteBuffer(), ByteBuffer())
        prefix.writeBlob(head.bytes)
        prefix.writeInteger(3 as UInt8)
        prefix.writeInteger(1 as UInt8)
        prefix.writeVarint(shard)
        version.encode(into: &suffix)
        return (prefix, suffix)
    }

    private static func peerMessage(
        from buffer: inout ByteBuffer, _ payloads: PayloadCodec, _ context: CodingContext
    ) throws -> PeerMessage<ErasedMessage> {
        switch try buffer.readByte() {
        case 1: return .deliver(try delivery(from: &buffer, payloads, context))
        case 2:
            let known = try buffer.readOptional(ShardHome.self)
            return .notHome(try delivery(from: &buffer, payloads, context), known: known)
        case 3:
            return .streamEnd(
                shard: try buffer.readShard(), token: try buffer.readVarint(),
                handoff: try buffer.readOptional(ShardVersion.self))
        case 4: return .streamClosed(shard: try buffer.readShard(), token: try buffer.readVarint())
        case 5: return .transferred(shard: try buffer.readShard())
        case 6: return .passivate(entity: try buffer.readText(upTo: RegionHost.longestID))
        case let byte: throw WireError(.malformed, "\(byte) is no message between regions")
        }
    }

    private static func delivery(
        from buffer: inout ByteBuffer, _ payloads: PayloadCodec, _ context: CodingContext
    ) throws -> ShardDelivery<ErasedMessage> {
        let (shard, entity, version) = try addressee(from: &buffer)
        let marks = try deliveryMarks(from: &buffer)
        return ShardDelivery(
            shard: shard, entity: entity, version: version, sequence: marks.sequence, isRetry: marks.isRetry,
            asks: marks.asks, payload: try payloads.decode(&buffer, context))
    }

    /// Reads whom a delivery is for, by which deliveries to one entity begin alike.
    static func addressee(
        from buffer: inout ByteBuffer
    ) throws(WireError) -> (shard: Int, entity: String, version: ShardVersion) {
        (try buffer.readShard(), try buffer.readText(upTo: RegionHost.longestID), try ShardVersion(from: &buffer))
    }

    /// Reads what stands between the addressee and the message.
    static func deliveryMarks(from buffer: inout ByteBuffer) throws(WireError) -> DeliveryMarks {
        let sequence = try buffer.readVarint()
        let byte = try buffer.readByte()
        guard let marks = DeliveryMarks(sequence, byte) else {
            throw WireError(.malformed, "\(byte) marks no delivery")
        }
        return marks
    }
}

extension ByteBuffer {
    mutating func readShard() throws(WireError) -> Int { try readVarint(upTo: mostEntries) }

    mutating func readShards() throws(WireError) -> [Int] {
        try readArray(upTo: mostEntries) { buffer throws(WireError) in try buffer.readShard() }
    }

    mutating func writeShards(_ shards: [Int]) { writeArray(shards) { $0.writeVarint($1) } }
}

import NIOCore

extension MessageCodec where Message: WireCodable {
    /// The codec of a user's message that encodes and decodes itself.
    init(wire: Message.Type) {
        self.init(
            encode: { message, context, buffer in
                var taken = ByteBuffer()
                swap(&taken, &buffer)
                var writer = WireWriter(taken, context)
                taken = ByteBuffer()
                message.encode(into: &writer)
                swap(&writer.buffer, &buffer)
            },
            decode: { buffer, context in
                var reader = WireReader(buffer, context)
                return try reader.read(Message.self)
            })
    }
}

/// The same for a type that is only at run time known to conform; see ``AnyValueCodec``.
final class WireValueCodec<Value: WireCodable>: AnyValueCodec, @unchecked Sendable {
    private let codec = MessageCodec(wire: Value.self)

    override func write(
        _ value: UnsafeRawPointer, _ codec: CodecID, _ context: CodingContext, into buffer: inout ByteBuffer
    ) throws {
        try self.codec.encode(value.assumingMemoryBound(to: Value.self).pointee, context, &buffer)
    }

    override func read(
        from buffer: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext, into value: UnsafeMutableRawPointer
    ) throws {
        value.initializeMemory(as: Value.self, to: try self.codec.decode(&buffer, context))
    }
}

extension AnyValueCodec {
    static func make(_ type: any WireCodable.Type) -> AnyValueCodec {
        func open<Value: WireCodable>(_ type: Value.Type) -> AnyValueCodec { WireValueCodec<Value>() }
        return open(type)
    }
}

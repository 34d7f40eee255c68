import NIOCore

/// Encodes and decodes values of a type that is only at run time known to be `Codable`.
///
/// `Sendable` cannot be part of a dynamic cast, so the message type and the type here are two generic parameters that
/// stand for one type. Values are passed by their memory, without a box for each message.
///
/// Unchecked because only a final class may conform to `Sendable`; the subclasses are final, and their properties are
/// constants.
class AnyValueCodec: @unchecked Sendable {
    func write(
        _ value: UnsafeRawPointer, _ codec: CodecID, _ context: CodingContext, into buffer: inout ByteBuffer
    ) throws {}

    /// Reads a value, and initialises the memory with it; when this throws, the memory stays uninitialised.
    func read(
        from buffer: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext, into value: UnsafeMutableRawPointer
    ) throws {}

    static func make(_ type: any Codable.Type, name: String) -> AnyValueCodec {
        func open<Value: Codable>(_ type: Value.Type) -> AnyValueCodec { ValueCodec<Value>(name: name) }
        return open(type)
    }
}

private final class ValueCodec<Value: Codable>: AnyValueCodec, @unchecked Sendable {
    private let name: String

    init(name: String) { self.name = name }

    override func write(
        _ value: UnsafeRawPointer, _ codec: CodecID, _ context: CodingContext, into buffer: inout ByteBuffer
    ) throws {
        try codec.encode(value.assumingMemoryBound(to: Value.self).pointee, named: name, context, into: &buffer)
    }

    override func read(
        from buffer: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext, into value: UnsafeMutableRawPointer
    ) throws {
        value.initializeMemory(as: Value.self, to: try codec.decode(Value.self, named: name, from: &buffer, context))
    }
}

extension CodecID {
    /// Appends a value in this codec.
    func encode(
        _ value: some Encodable, named name: String, _ context: CodingContext, into buffer: inout ByteBuffer
    ) throws {
        switch self {
        case .binary: try BinarySerializer().encode(value, context: context, into: &buffer)
        case .json: try JSONSerializer().encode(value, context: context, into: &buffer)
        default:
            guard let custom = context.serializer, custom.id == self else {
                throw WireError(.unsupportedCodec, "\(name) is not written in \(self)")
            }
            buffer.writeBytes(try custom.serializer.encode(value, userInfo: context.userInfo))
        }
    }

    /// Reads a value in this codec that fills the rest of the buffer.
    func decode<Value: Decodable>(
        _ type: Value.Type, named name: String, from buffer: inout ByteBuffer, _ context: CodingContext
    ) throws -> Value {
        switch self {
        case .binary: return try BinarySerializer().decode(type, from: &buffer, context: context)
        case .json: return try JSONSerializer().decode(type, from: &buffer, context: context)
        default:
            guard let custom = context.serializer, custom.id == self else {
                throw WireError(.unsupportedCodec, "\(name) is not written in \(self)")
            }
            let bytes = Array(buffer.readableBytesView)
            buffer.moveReaderIndex(to: buffer.writerIndex)
            return try custom.serializer.decode(type, from: bytes, userInfo: context.userInfo)
        }
    }
}

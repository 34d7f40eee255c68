package import NIOCore

/// Encodes messages in a compact binary form, through their `Codable` conformance.
///
/// Fields carry their names, as in JSON: the reader ignores unknown fields, a missing field is `nil` or whatever the
/// type's own `init(from:)` makes of it, and the order of fields does not matter. A repeated name, as in a list of
/// values of one type, is written once.
///
/// Containers are written in the order in which the type's `encode(to:)` fills them. A type that opens two nested
/// containers and writes to them alternately is refused with an error. Values may be nested 32 deep.
public struct BinarySerializer: Serializer {
    /// Creates the serializer.
    public init() {}

    /// Encodes a value.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    public func encode(_ value: some Encodable) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encode(value, context: .empty, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Decodes a value.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        var buffer = ByteBuffer(bytes: bytes)
        return try decode(type, from: &buffer, context: .empty)
    }

    /// Encodes a message.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    public func encode(_ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encode(value, context: CodingContext(userInfo: userInfo), into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Decodes a message.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Value {
        var buffer = ByteBuffer(bytes: bytes)
        return try decode(type, from: &buffer, context: CodingContext(userInfo: userInfo))
    }

    /// Appends a value; if this throws, the buffer is unchanged.
    package func encode(_ value: some Encodable, context: CodingContext, into buffer: inout ByteBuffer) throws {
        var writer = context.writers.take() ?? BinaryWriter(context)
        writer.begin(taking: &buffer, context)
        do {
            try writer.write(value, level: 0)
            buffer = try writer.finish()
        } catch {
            buffer = writer.discard()
            throw error
        }
        if writer.end(), isKnownUniquelyReferenced(&writer) { context.writers.leave(writer) }
    }

    /// Reads a value that fills the rest of the buffer.
    package func decode<Value: Decodable>(
        _ type: Value.Type, from buffer: inout ByteBuffer, context: CodingContext
    ) throws -> Value {
        guard buffer.readableBytes <= Int(Int32.max) else { throw WireError(.tooLarge, "a message is above 2 GiB") }
        let value = try buffer.withUnsafeReadableBytes { bytes in
            var reader = context.readers.take() ?? BinaryReader(context)
            reader.begin(bytes, context)
            defer {
                // Both are called: a decoder that outlives the call needs the bytes, and so does a container.
                if reader.end(), isKnownUniquelyReferenced(&reader) {
                    reader.forgetBytes()
                    context.readers.leave(reader)
                } else {
                    reader.keepBytes()
                }
            }
            return try decode(type, reader)
        }
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return value
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ reader: BinaryReader) throws -> Value {
        do throws(BinaryReader.Problem) {
            guard try reader.skip(at: 0, end: reader.count) == reader.count else { throw .malformed }
        } catch {
            throw error.error("\(type)")
        }
        let value = try BinaryDecoder(reader: reader, position: 0, end: reader.count, level: 0).decode(type)
        if let failure = reader.failure { throw failure.error("\(type)") }
        return value
    }
}

package import NIOCore

/// Writes messages in a compact binary form, through their `Codable` conformance.
///
/// Fields carry their names, as in JSON: a field the reader does not know is ignored, one that is missing is `nil` or
/// what the type's own `init(from:)` makes of it, and the order of fields is free. A name that occurs again, as in a
/// list of like values, is written once.
///
/// Containers are written in the order in which the type's `encode(to:)` fills them; a type that opens two nested
/// containers and writes to them in turn is refused with an error. Values may lie in each other 32 deep.
public struct BinarySerializer: Sendable {
    /// Creates the serializer.
    public init() {}

    /// The bytes of a value.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error for values that lie in each other too deep.
    public func encode(_ value: some Encodable) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encode(value, context: .empty, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// The value of some bytes.
    ///
    /// - Throws: `DecodingError` where the bytes are not of this type.
    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        var buffer = ByteBuffer(bytes: bytes)
        return try decode(type, from: &buffer, context: .empty)
    }

    /// Appends a value; the buffer stays as it was where this throws.
    package func encode(_ value: some Encodable, context: CodingContext, into buffer: inout ByteBuffer) throws {
        let writer = BinaryWriter(taking: &buffer, context: context)
        do {
            try writer.write(value, level: 0)
            buffer = try writer.finish()
        } catch {
            buffer = writer.discard()
            throw error
        }
    }

    /// Reads a value that fills the rest of the buffer.
    package func decode<Value: Decodable>(
        _ type: Value.Type, from buffer: inout ByteBuffer, context: CodingContext
    ) throws -> Value {
        guard buffer.readableBytes <= Int(Int32.max) else { throw WireError(.tooLarge, "a message is above 2 GiB") }
        let reader = BinaryReader(buffer, context: context)
        do {
            guard try reader.skip(at: 0, end: reader.count) == reader.count else {
                throw BinaryReader.Problem.malformed
            }
        } catch let problem as BinaryReader.Problem {
            throw problem.error("\(type)")
        }
        let value = try BinaryDecoder(reader: reader, place: 0, end: reader.count, level: 0).decode(type)
        if let failure = reader.failure { throw failure.error("\(type)") }
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return value
    }
}

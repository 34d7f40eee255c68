package import NIOCore

/// Writes messages in a compact binary form.
public struct BinarySerializer: Sendable {
    /// Creates the serializer.
    public init() {}

    package func encode(_ value: some Encodable, context: CodingContext, into buffer: inout ByteBuffer) throws {}

    package func decode<Value: Decodable>(
        _ type: Value.Type, from buffer: inout ByteBuffer, context: CodingContext
    ) throws -> Value { throw WireError(.malformed, "") }
}

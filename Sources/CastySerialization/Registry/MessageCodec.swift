package import NIOCore

/// Encodes and decodes a message type by hand-written functions.
package struct MessageCodec<Message: Sendable>: Sendable {
    package let encode: @Sendable (Message, CodingContext, inout ByteBuffer) throws -> Void
    package let decode: @Sendable (inout ByteBuffer, CodingContext) throws -> Message

    package init(
        encode: @escaping @Sendable (Message, CodingContext, inout ByteBuffer) throws -> Void,
        decode: @escaping @Sendable (inout ByteBuffer, CodingContext) throws -> Message
    ) {
        self.encode = encode
        self.decode = decode
    }
}

extension MessageCodec where Message: NativeCodable {
    /// The codec of a type that encodes and decodes itself.
    package init() {
        self.init(
            encode: { message, _, buffer in message.encode(into: &buffer) },
            decode: { buffer, _ in try Message(from: &buffer) })
    }
}

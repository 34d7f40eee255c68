package import NIOCore

/// Takes a message that was just decoded, in its own type, so that it reaches a typed mailbox unboxed.
package protocol DecodedMessageReceiver {
    func receive<Message: Sendable>(_ message: Message)
}

/// A registered message type whose type only its subclass knows.
///
/// Unchecked because only a final class may conform; the one subclass is final and all properties are constants.
package class AnyRegisteredType: @unchecked Sendable {
    package let name: String
    package let identifier: ObjectIdentifier
    /// Whether the type is only written by hand, in ``CodecID/native``.
    package let isNative: Bool

    init(name: String, identifier: ObjectIdentifier, isNative: Bool) {
        self.name = name
        self.identifier = identifier
        self.isNative = isNative
    }

    /// The codec for this type where the association has agreed on `agreed` for `Codable` ones.
    package final func codec(agreed: CodecID) -> CodecID { isNative ? .native : agreed }

    /// Decodes a message and hands it over, typed.
    package func decode(
        from buffer: inout ByteBuffer, codec: CodecID, context: CodingContext, into receiver: any DecodedMessageReceiver
    ) throws {
        throw WireError(.unsupportedCodec, "\(name) has no decoder")
    }
}

/// A registered message type.
package final class RegisteredType<Message: Sendable>: AnyRegisteredType, @unchecked Sendable {
    package func encode(
        _ message: Message, with codec: CodecID, context: CodingContext, into buffer: inout ByteBuffer
    ) throws {
    }

    package func decode(from buffer: inout ByteBuffer, codec: CodecID, context: CodingContext) throws -> Message {
        throw WireError(.unsupportedCodec, "\(name) has no decoder")
    }
}

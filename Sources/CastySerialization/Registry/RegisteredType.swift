package import NIOCore

/// Receives a decoded message in its static type, so that it reaches a typed mailbox unboxed.
package protocol DecodedMessageReceiver {
    func receive<Message: Sendable>(_ message: Message)
}

/// A type-erased registered message type; only its subclass knows the type.
///
/// Unchecked because only a final class may conform to `Sendable`; the only subclass is final, and all properties are
/// constants.
package class AnyRegisteredType: @unchecked Sendable {
    package let name: String
    package let identifier: ObjectIdentifier
    /// Whether the type has only a hand-written codec, ``CodecID/native``.
    package let isNative: Bool
    /// Whether it is a message of the runtime, and not of a user.
    package let isInternal: Bool

    fileprivate init(name: String, identifier: ObjectIdentifier, isNative: Bool, isInternal: Bool = false) {
        self.name = name
        self.identifier = identifier
        self.isNative = isNative
        self.isInternal = isInternal
    }

    /// The codec for this type, if the association has agreed on `agreed` for `Codable` types.
    package final func codec(agreed: CodecID) -> CodecID { isNative ? .native : agreed }

    /// Decodes a message and passes it to the receiver in its static type.
    ///
    /// - Throws: What ``RegisteredType/decode(from:codec:context:)`` throws; the receiver then gets no message.
    package func decode(
        from buffer: inout ByteBuffer, codec: CodecID, context: CodingContext, into receiver: any DecodedMessageReceiver
    ) throws {
        throw WireError(.unsupportedCodec, "\(name) has no decoder")
    }
}

/// A registered message type.
package final class RegisteredType<Message: Sendable>: AnyRegisteredType, @unchecked Sendable {
    private let write: @Sendable (Message, CodecID, CodingContext, inout ByteBuffer) throws -> Void
    private let read: @Sendable (inout ByteBuffer, CodecID, CodingContext) throws -> Message

    init(name: String, codec native: MessageCodec<Message>) {
        write = { message, codec, context, buffer in
            guard codec == .native else { throw Self.unsupported(codec, name) }
            try native.encode(message, context, &buffer)
        }
        read = { buffer, codec, context in
            guard codec == .native else { throw Self.unsupported(codec, name) }
            return try native.decode(&buffer, context)
        }
        super.init(name: name, identifier: ObjectIdentifier(Message.self), isNative: true, isInternal: true)
    }

    init(name: String, wire type: Message.Type) where Message: WireCodable {
        let codec = MessageCodec(wire: type)
        write = { message, used, context, buffer in
            guard used == .native else { throw Self.unsupported(used, name) }
            try codec.encode(message, context, &buffer)
        }
        read = { buffer, used, context in
            guard used == .native else { throw Self.unsupported(used, name) }
            return try codec.decode(&buffer, context)
        }
        super.init(name: name, identifier: ObjectIdentifier(Message.self), isNative: true)
    }

    init(name: String) where Message: Codable {
        write = { message, codec, context, buffer in
            try codec.encode(message, named: name, context, into: &buffer)
        }
        read = { buffer, codec, context in
            try codec.decode(Message.self, named: name, from: &buffer, context)
        }
        super.init(name: name, identifier: ObjectIdentifier(Message.self), isNative: false)
    }

    /// Registers a type whose conformance to `Codable` was found at run time.
    ///
    /// - Parameter codable: The same type as `Message`.
    convenience init(name: String, codable: any Codable.Type) {
        precondition(codable == Message.self, "\(codable) is not \(Message.self)")
        self.init(name: name, AnyValueCodec.make(codable, name: name), isNative: false)
    }

    /// Registers a type whose conformance to ``WireCodable`` was found at run time.
    ///
    /// - Parameter wire: The same type as `Message`.
    convenience init(name: String, wire: any WireCodable.Type) {
        precondition(wire == Message.self, "\(wire) is not \(Message.self)")
        self.init(name: name, AnyValueCodec.make(wire), isNative: true)
    }

    private init(name: String, _ values: AnyValueCodec, isNative: Bool) {
        write = { message, codec, context, buffer in
            guard (codec == .native) == isNative else { throw Self.unsupported(codec, name) }
            try withUnsafePointer(to: message) { try values.write($0, codec, context, into: &buffer) }
        }
        read = { buffer, codec, context in
            guard (codec == .native) == isNative else { throw Self.unsupported(codec, name) }
            return try withUnsafeTemporaryAllocation(of: Message.self, capacity: 1) { memory in
                // A temporary allocation of one value always has an address.
                let value = memory.baseAddress!
                try values.read(from: &buffer, codec, context, into: value)
                return value.move()
            }
        }
        super.init(name: name, identifier: ObjectIdentifier(Message.self), isNative: isNative)
    }

    private static func unsupported(_ codec: CodecID, _ name: String) -> WireError {
        WireError(.unsupportedCodec, "\(name) is not written in \(codec)")
    }

    /// Appends the message to the buffer.
    ///
    /// - Throws: ``WireError`` for a codec that the type does not support; otherwise what the type's own `encode(to:)`
    ///   or the codec throws. The buffer may then hold part of the message.
    package func encode(
        _ message: Message, with codec: CodecID, context: CodingContext, into buffer: inout ByteBuffer
    ) throws {
        try write(message, codec, context, &buffer)
    }

    /// Reads a message that fills the rest of the buffer.
    ///
    /// - Throws: ``WireError`` for a codec that the type does not support and for bytes that the codec cannot read;
    ///   `DecodingError` if they are readable but not of this type.
    package func decode(from buffer: inout ByteBuffer, codec: CodecID, context: CodingContext) throws -> Message {
        try read(&buffer, codec, context)
    }

    /// What a message becomes on another node: it is encoded and decoded.
    ///
    /// - Throws: What ``encode(_:with:context:into:)`` and ``decode(from:codec:context:)`` throw.
    package func copy(_ message: Message, with codec: CodecID, context: CodingContext) throws -> Message {
        var buffer = ByteBuffer()
        try encode(message, with: codec, context: context, into: &buffer)
        return try decode(from: &buffer, codec: codec, context: context)
    }

    package override func decode(
        from buffer: inout ByteBuffer, codec: CodecID, context: CodingContext, into receiver: any DecodedMessageReceiver
    ) throws {
        receiver.receive(try read(&buffer, codec, context))
    }
}

public import CastyCore
package import NIOCore

/// A message in transit between nodes: encoded, with its target address.
public struct MessageEnvelope: Sendable, Equatable {
    /// The incarnation the message is for.
    public var target: ActorAddress
    /// The actor that sent it, if it can be answered.
    public var sender: ActorAddress?
    /// The name under which the message's type is registered.
    public var typeName: String
    /// The codec of the payload.
    public var codec: CodecID
    /// Matches an answer to its question; zero if there is none.
    public var correlation: UInt64
    /// The encoded payload, without the header.
    package var buffer: ByteBuffer

    /// The encoded message, copied out.
    ///
    /// - Complexity: O(*n*) in its length.
    public var payload: [UInt8] { Array(buffer.readableBytesView) }

    /// Creates an envelope.
    ///
    /// - Parameters:
    ///   - target: The incarnation the message is for.
    ///   - sender: The actor that can be answered, if any.
    ///   - typeName: The name under which the type is registered.
    ///   - codec: The codec of the payload.
    ///   - payload: The encoded message.
    ///   - correlation: Matches an answer to its question; zero if there is none.
    public init(
        target: ActorAddress, sender: ActorAddress? = nil, typeName: String, codec: CodecID, payload: [UInt8],
        correlation: UInt64 = 0
    ) {
        self.init(
            target: target, sender: sender, typeName: typeName, codec: codec, buffer: ByteBuffer(bytes: payload),
            correlation: correlation)
    }

    package init(
        target: ActorAddress, sender: ActorAddress? = nil, typeName: String, codec: CodecID, buffer: ByteBuffer,
        correlation: UInt64 = 0
    ) {
        self.target = target
        self.sender = sender
        self.typeName = typeName
        self.codec = codec
        self.buffer = buffer
        self.correlation = correlation
    }
}

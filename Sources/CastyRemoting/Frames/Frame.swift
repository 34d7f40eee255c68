package import CastyCore
package import CastySerialization
package import NIOCore

/// All parts of a frame except its payload.
package struct FrameHeader: Sendable, Equatable {
    package var kind: FrameKind
    package var target: ActorAddress?
    package var sender: ActorAddress?
    /// The registered name of the payload's type.
    package var type: String?
    package var codec: CodecID
    /// A sequence number for ``FrameKind/system`` and ``FrameKind/acknowledgement``. Otherwise the number of the ask
    /// that waits for a reply, or 0.
    package var correlation: UInt64

    package init(
        _ kind: FrameKind, target: ActorAddress? = nil, sender: ActorAddress? = nil, type: String? = nil,
        codec: CodecID = .native, correlation: UInt64 = 0
    ) {
        self.kind = kind
        self.target = target
        self.sender = sender
        self.type = type
        self.codec = codec
        self.correlation = correlation
    }
}

/// One frame as read from a stream.
package struct Frame: Sendable, Equatable {
    package var header: FrameHeader
    package var lane: FrameLane
    /// The number that the peer announced for the target, counted per lane from 1. `nil` where the frame has no target
    /// or carries the address in full. Suitable as an index into a table of resolved targets.
    package var targetID: Int?
    /// Likewise for the type.
    package var typeID: Int?
    /// The payload. It shares memory with the bytes that were read.
    package var payload: ByteBuffer

    package init(
        header: FrameHeader, lane: FrameLane, targetID: Int? = nil, typeID: Int? = nil,
        payload: ByteBuffer = ByteBuffer()
    ) {
        self.header = header
        self.lane = lane
        self.targetID = targetID
        self.typeID = typeID
        self.payload = payload
    }

    package var kind: FrameKind { header.kind }

    /// The user message in this frame, or `nil` where it lacks a target or a type.
    package var envelope: MessageEnvelope? {
        guard let target = header.target, let type = header.type else { return nil }
        return MessageEnvelope(
            target: target, sender: header.sender, typeName: type, codec: header.codec, buffer: payload,
            correlation: header.correlation)
    }
}

package import NIOCore

/// Writes the frames of one lane of one connection.
///
/// Each lane of each connection has an encoder of its own, and what it wrote must reach the peer whole and in order: the encoder
/// remembers which ids it has announced.
package struct FrameEncoder: Sendable {
    package let lane: FrameLane
    /// The most bytes a frame may have after its length.
    package var maximumLength: Int

    package init(lane: FrameLane, maximumLength: Int = WireLimits.frame) {
        self.lane = lane
        self.maximumLength = maximumLength
    }

    /// Appends one frame, the payload written in place.
    ///
    /// - Throws: What `payload` throws, or ``WireError`` with ``WireError/Code/tooLarge``. The buffer and the ids are then as they were.
    package mutating func encode(
        _ header: FrameHeader, into buffer: inout ByteBuffer, payload: (inout ByteBuffer) throws -> Void
    ) throws {
        try payload(&buffer)
    }

    /// Appends one frame with a hand-written message.
    package mutating func encode(
        _ header: FrameHeader, _ message: some WireCodable, into buffer: inout ByteBuffer
    ) throws {
        try encode(header, into: &buffer) { message.encode(into: &$0) }
    }

    /// Appends one frame without a payload.
    package mutating func encode(_ header: FrameHeader, into buffer: inout ByteBuffer) throws {
        try encode(header, into: &buffer) { _ in }
    }
}

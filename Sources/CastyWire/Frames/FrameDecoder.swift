package import NIOCore

/// Turns the bytes of one connection into frames, however the stream was cut into pieces.
///
/// After an error the stream has no next frame: the connection must be closed.
package struct FrameDecoder: Sendable {
    /// The most bytes a frame may have after its length. Starts at ``WireLimits/frameBeforeWelcome``; raise it when the peer is welcomed.
    package var maximumLength: Int

    package init(maximumLength: Int = WireLimits.frameBeforeWelcome) {
        self.maximumLength = maximumLength
    }

    /// Takes the bytes that arrived. They are kept, not copied, where they begin with a new frame.
    package mutating func append(_ bytes: ByteBuffer) {}

    /// The next frame, or `nil` until more bytes have arrived.
    package mutating func next() throws(WireError) -> Frame? { nil }
}

package import NIOCore

/// A message with a hand-written encoding, for the traffic between nodes about the cluster.
///
/// Decoding reads bytes from a peer: it throws, never traps, and checks a count before it reserves memory for it. It
/// ignores bytes after the last field, so that a later version may append one.
package protocol NativeCodable {
    func encode(into buffer: inout ByteBuffer)
    init(from buffer: inout ByteBuffer) throws(WireError)
}

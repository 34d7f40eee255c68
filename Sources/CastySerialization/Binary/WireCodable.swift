package import NIOCore

/// A message whose bytes are written by hand: what nodes say to each other about the cluster.
///
/// Reading takes bytes from a peer: it throws, it never traps, and it checks a count before it reserves memory for it.
/// Bytes that follow the last field are left alone, so that a later version may append one.
package protocol WireCodable {
    func encode(into buffer: inout ByteBuffer)
    init(from buffer: inout ByteBuffer) throws(WireError)
}

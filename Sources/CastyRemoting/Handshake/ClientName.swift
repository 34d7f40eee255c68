package import CastyCore

/// The addresses of programs that are no nodes: they listen nowhere, so they state port 0, and a name for a host.
///
/// Nodes send a client's answers to the address that the client has stated, and show that address to others. So a
/// second client must not be able to state it too. The name therefore ends with a digest of the client's incarnation,
/// a random number that only the client and the nodes it has connected to know. A node admits only the peer that
/// states the number behind the name.
package enum ClientName {
    /// The address of the client with an incarnation.
    ///
    /// - Parameter kind: The first word of its name.
    package static func address(_ kind: String, incarnation: UInt64) -> NodeAddress {
        NodeAddress(host: "\(kind)-\(digits(of: incarnation))", port: 0)
    }

    /// The part of the name that identifies the client. It tells nothing about the incarnation.
    package static func digest(of incarnation: UInt64) -> UInt64 {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: incarnation >> (56 - 8 * $0)) }
        return SHA256.hash(Array("casty client".utf8) + bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether a peer that is no node may state this address.
    static func isName(of peer: UniqueAddress) -> Bool {
        peer.address.port == 0 && peer.address.host.hasSuffix("-" + digits(of: peer.incarnation))
    }

    private static func digits(of incarnation: UInt64) -> String {
        let text = String(digest(of: incarnation), radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

import Glibc
package import NIOCore

extension SocketAddress {
    /// What connections from this address are counted for: the IPv4 address, or the network of 64 bits that an IPv6
    /// address is in, because a single host may use any of its addresses.
    package var source: String {
        guard let text = ipAddress else { return "" }
        guard case .v6 = self else { return text }
        // Behind a percent sign stands the interface of a link-local address.
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &bytes) == 1 else { return text }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped { return bytes.suffix(4).map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::"
    }
}

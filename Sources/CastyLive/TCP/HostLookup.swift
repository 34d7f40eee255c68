package import CastyCore
import Glibc

extension NodeAddress {
    /// The one spelling of addresses that mean the same node: `localhost` is 127.0.0.1, IPv6 is written as RFC 5952
    /// says, names are in lower case.
    package var canonical: NodeAddress {
        let host = HostLookup.canonical(host)
        return NodeAddress(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }
}

/// Names of hosts, and the addresses behind them.
package enum HostLookup {
    /// The one spelling of a numeric IPv6 address, IPv4 addresses inside IPv6 as IPv4; any other host in lower case.
    package static func canonical(_ host: String) -> String {
        var address = in6_addr()
        guard inet_pton(AF_INET6, host, &address) == 1 else { return host.lowercased() }
        let bytes = withUnsafeBytes(of: &address) { Array($0) }
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return host.lowercased() }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The numeric addresses that a name stands for, sorted. Blocks the thread while it is looked up.
    ///
    /// - Throws: ``TransportError`` where there are none.
    package static func addresses(of name: String, port: Int) throws(TransportError) -> [NodeAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard status == 0 else {
            throw TransportError(.unreachable, "\(name) cannot be looked up: \(String(cString: gai_strerror(status)))")
        }
        var addresses: [NodeAddress] = []
        var next = found
        while let entry = next {
            next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let status = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard status == 0 else { continue }
            let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            addresses.append(NodeAddress(host: canonical(host), port: port))
        }
        guard !addresses.isEmpty else { throw TransportError(.unreachable, "\(name) stands for no address") }
        return addresses.sortedUniquely(by: { $0 }) { first, _ in first }
    }
}

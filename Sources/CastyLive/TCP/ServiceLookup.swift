import CResolver
package import CastyCore

/// The service records of a name in the domain name system.
package enum ServiceLookup {
    /// The most records that are read.
    private static let most = 1024

    /// The hosts and ports that the records (SRV, RFC 2782) of a name hold, sorted; the hosts stay names. Priorities and
    /// weights are not used: every host is a seed. Blocks the thread while it is looked up.
    ///
    /// - Parameters:
    ///   - name: The name, as `_casty._tcp.example`.
    ///   - server: The server to ask, a dotted IPv4 address; by default those of the system.
    /// - Throws: ``TransportError`` where there are none.
    package static func addresses(
        of name: String, server: NodeAddress? = nil
    ) throws(TransportError) -> [NodeAddress] {
        var services = [cresolver_service](repeating: cresolver_service(), count: most)
        let count = Int(
            cresolver_services(
                name, server?.ipv4 ?? 0, UInt16(clamping: server?.port ?? 53), &services, Int32(services.count)))
        guard count > 0 else { throw TransportError(.unreachable, "\(name) \(reason(count))") }
        var addresses: [NodeAddress] = []
        for service in services.prefix(count) {
            let host = withUnsafeBytes(of: service.host) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // A record with the root as its host says that there is no such service.
            guard service.port != 0, let address = NodeAddress("\(host):\(service.port)")?.canonical else { continue }
            addresses.append(address)
        }
        guard !addresses.isEmpty else { throw TransportError(.unreachable, "\(name) names no host") }
        return addresses.sortedUniquely(by: { $0 }) { first, _ in first }
    }

    private static func reason(_ code: Int) -> String {
        switch code {
        case Int(CRESOLVER_NO_NAME): "is no name that is known"
        case Int(CRESOLVER_TRY_AGAIN): "cannot be looked up now: no server has answered"
        case Int(CRESOLVER_NO_RECORDS): "has no service records (SRV)"
        default: "cannot be looked up: the answer of the server makes no sense"
        }
    }
}

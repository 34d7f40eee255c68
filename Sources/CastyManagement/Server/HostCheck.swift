import CastyLive
import NIOCore

/// Which names a client may give the server in the header `Host`.
///
/// A page of another site can make a browser connect here under a name of that site's own, which it lets point to this
/// address (DNS rebinding), and read what comes back. The browser then says that name. A numeric address is no such
/// name.
struct HostCheck: Sendable {
    private let names: Set<String>
    private let allowsAll: Bool

    /// - Parameter names: The names to accept besides `localhost` and numeric addresses; `*` for all.
    init(_ names: [String]) {
        allowsAll = names.contains("*")
        self.names = Set((names + ["localhost"]).map { Self.plain($0[...]) })
    }

    /// Whether a request with these headers `Host` may be answered. Programs that send none are no browsers.
    func allows(_ headers: [String]) -> Bool {
        guard let host = headers.first, !allowsAll else { return headers.count <= 1 || allowsAll }
        guard headers.count == 1 else { return false }
        let name = Self.name(in: host)
        return names.contains(name) || (try? SocketAddress(ipAddress: name, port: 0)) != nil
    }

    /// The name without the port and without the brackets of an IPv6 address.
    private static func name(in host: String) -> String {
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            return plain(host[host.index(after: host.startIndex)..<end])
        }
        let colons = host.utf8.count { $0 == UInt8(ascii: ":") }
        guard colons == 1, let colon = host.firstIndex(of: ":") else { return plain(host[...]) }
        return plain(host[..<colon])
    }

    private static func plain(_ name: Substring) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}

import CastyCore
import Glibc

/// A socket that is bound and does not listen yet: it holds a port that the system has chosen.
enum ReservedSocket {
    /// Binds a socket to a free port of a host.
    ///
    /// - Returns: The descriptor, which the caller closes or hands on, and the address with its port.
    static func bind(_ host: String) throws(TransportError) -> (descriptor: Int32, address: NodeAddress) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, "0", &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard status == 0, let first = found?.pointee else {
            throw TransportError(.unreachable, "\(host): \(String(cString: gai_strerror(status)))")
        }
        let descriptor = socket(first.ai_family, first.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), first.ai_protocol)
        guard descriptor >= 0 else { throw failure(host) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Glibc.bind(descriptor, first.ai_addr, first.ai_addrlen) == 0, let port = port(of: descriptor) else {
            let failure = failure(host)
            close(descriptor)
            throw failure
        }
        return (descriptor, NodeAddress(host: host, port: port))
    }

    private static func failure(_ host: String) -> TransportError {
        TransportError(errno == EADDRINUSE ? .addressInUse : .other, "\(host): \(String(cString: strerror(errno)))")
    }

    private static func port(of descriptor: Int32) -> Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isKnown else { return nil }
        // The port is at the same offset for both families.
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        }
    }
}

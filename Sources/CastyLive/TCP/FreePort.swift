package import CastyCore
import Glibc

/// Addresses of the loopback network to listen on.
package enum FreePort {
    /// An address that is free at this moment.
    package static func address() throws(NoFreePort) -> NodeAddress { try addresses(1)[0] }

    /// As many different addresses that are free at this moment.
    package static func addresses(_ count: Int) throws(NoFreePort) -> [NodeAddress] {
        // All are held until the last is known, so that no two are alike.
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        var addresses: [NodeAddress] = []
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw NoFreePort(errorNumber: errno) }
            descriptors.append(descriptor)
            guard withSocketAddress("127.0.0.1", 0, { bind(descriptor, $0, $1) == 0 }), let port = port(of: descriptor)
            else { throw NoFreePort(errorNumber: errno) }
            addresses.append(NodeAddress(host: "127.0.0.1", port: port))
        }
        return addresses
    }

    /// Whether an address can be listened on: tested by binding it, because no other check is reliable.
    package static func isFree(_ address: NodeAddress) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        return withSocketAddress(address.host, address.port) {
            bind(descriptor, $0, $1) == 0 && listen(descriptor, 1) == 0
        }
    }

    private static func withSocketAddress(
        _ host: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func port(of descriptor: Int32) -> Int? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        return isKnown ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}

/// The system gave no port.
package struct NoFreePort: Error, CustomStringConvertible {
    let errorNumber: Int32

    package var description: String { "no free port: errno \(errorNumber)" }
}

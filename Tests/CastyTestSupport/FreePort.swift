package import CastyCore
import Glibc

/// Addresses on loopback that were free a moment ago.
package enum FreePort {
    /// One address.
    package static func address() throws -> NodeAddress { try addresses(1)[0] }

    /// As many different ones.
    ///
    /// - Throws: ``NoFreePort`` where the system gives none.
    package static func addresses(_ count: Int) throws -> [NodeAddress] {
        // All are held until the last is known, so that no two are alike.
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            descriptors.append(descriptor)
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bound = withUnsafeMutablePointer(to: &place) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    inet_pton(AF_INET, "127.0.0.1", &pointer.pointee.sin_addr) == 1
                        && bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            guard bound else { throw NoFreePort() }
            return NodeAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: place.sin_port)))
        }
    }
}

/// The system gave no port.
package struct NoFreePort: Error {}

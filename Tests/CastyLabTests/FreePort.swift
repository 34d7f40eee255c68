import CastyPrimitives
import Glibc
import Testing

/// Addresses on loopback that were free a moment ago.
enum FreePort {
    static func addresses(_ count: Int) throws -> [NodeAddress] {
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
            try #require(bound)
            return NodeAddress(host: "127.0.0.1", port: Int(UInt16(bigEndian: place.sin_port)))
        }
    }
}

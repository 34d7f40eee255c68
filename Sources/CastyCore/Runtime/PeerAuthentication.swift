/// What the protection of a connection has proven about the process at its other end.
public struct PeerAuthentication: Hashable, Sendable {
    /// What a process may do to a cluster. Each one includes those before it.
    public enum Capability: UInt8, Hashable, Sendable, Comparable, CaseIterable {
        /// See what nodes show of themselves.
        case observe = 1
        /// Send messages to entities, as a client.
        case operate = 2
        /// Be a node of the cluster.
        case member = 3

        /// Whether `left` includes less than `right`.
        public static func < (left: Capability, right: Capability) -> Bool { left.rawValue < right.rawValue }
    }

    /// The most that the process may do.
    public let capability: Capability
    /// The hosts that it may state in its address, as names or numeric addresses; `*.` at the front stands for one
    /// label. `nil` where its credentials name none, or none are asked for.
    public let hosts: [String]?

    /// States what was proven.
    ///
    /// - Parameters:
    ///   - capability: The most that the process may do.
    ///   - hosts: The hosts that it may state in its address; `nil` for any.
    public init(_ capability: Capability, hosts: [String]? = nil) {
        self.capability = capability
        self.hosts = hosts
    }

    /// Whether the process may state this host in its address.
    ///
    /// - Complexity: O(number of hosts).
    public func covers(_ host: String) -> Bool {
        guard let hosts else { return true }
        let host = host.lowercased()
        return hosts.contains { pattern in
            let pattern = pattern.lowercased()
            guard pattern.hasPrefix("*.") else { return pattern == host }
            guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
            return host[dot...] == pattern.dropFirst()
        }
    }
}

/// Where a node asks for admission to its cluster: the same on all nodes.
///
/// A majority of the seeds founds the cluster, so name three, or one. Without any the node founds a cluster of its own.
public struct Seeds: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case list([String])
        case dns(host: String, port: Int)
    }

    let source: Source

    /// The seeds with these addresses, each as `host:port`.
    public static func list(_ addresses: [String]) -> Seeds { Seeds(source: .list(addresses)) }

    /// The seeds with these addresses, each as `host:port`.
    public static func list(_ addresses: String...) -> Seeds { .list(addresses) }

    /// Every address that a name stands for, on one port; looked up when the node starts, every second until there is
    /// one.
    ///
    /// To found a cluster its seeds must have found the same addresses; to join one the same name suffices. So let the
    /// name stand for the few nodes that start first, and for addresses whether their nodes are ready or not.
    ///
    /// - Parameters:
    ///   - host: The name.
    ///   - port: The port of all seeds, 1…65535.
    public static func dns(_ host: String, port: Int) -> Seeds { Seeds(source: .dns(host: host, port: port)) }
}

extension Seeds: ExpressibleByArrayLiteral {
    /// The seeds with these addresses, each as `host:port`.
    public init(arrayLiteral elements: String...) { self = .list(elements) }
}

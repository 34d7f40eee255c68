/// Where a node asks for admission to its cluster: the same on all nodes.
///
/// A majority of the seeds founds the cluster, so name three, or one. Without any the node founds a cluster of its own.
public struct Seeds: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case list([String])
        case dns(host: String, port: Int, atLeast: Int)
        case srv(String, atLeast: Int)

        /// The name that all nodes must share where the seeds behind it are looked up.
        var sharedName: String? {
            switch self {
            case .list: nil
            case .dns(let host, let port, _): "\(host):\(port)"
            case .srv(let name, _): name
            }
        }
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
    ///   - count: How many addresses there must be before the node asks any, at least 1. Where the name fills up while
    ///     nodes start, set it to the number of seeds: a node that finds only itself founds a cluster of its own.
    public static func dns(_ host: String, port: Int, atLeast count: Int = 1) -> Seeds {
        Seeds(source: .dns(host: host, port: port, atLeast: count))
    }

    /// Every host and port that the service records (SRV) of a name hold; looked up when the node starts, every second
    /// until there is one.
    ///
    /// The hosts stay names, which are looked up again for each connection: so a seed may come back with another
    /// address. Let each node advertise the name that its record holds. As with ``dns(_:port:)``, let the name stand for
    /// the few nodes that start first.
    ///
    /// - Parameters:
    ///   - name: The name, as `_casty._tcp.shop.svc.cluster.local`.
    ///   - count: How many records there must be before the node asks any seed, at least 1.
    public static func srv(_ name: String, atLeast count: Int = 1) -> Seeds {
        Seeds(source: .srv(name, atLeast: count))
    }
}

extension Seeds: ExpressibleByArrayLiteral {
    /// The seeds with these addresses, each as `host:port`.
    public init(arrayLiteral elements: String...) { self = .list(elements) }
}

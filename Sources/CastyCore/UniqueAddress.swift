/// One incarnation of a node: the place where it listens, and a number drawn when its process started.
///
/// A node that restarts at the same place is another incarnation and so another member; what was said to the first never
/// reaches the second. Addresses compare by place, then incarnation.
public struct UniqueAddress: Hashable, Sendable, Codable {
    /// Where the node listens.
    public let address: NodeAddress
    /// A random number that tells this process from every other one at the same place; never zero.
    public let incarnation: UInt64

    /// Creates the identity of one incarnation.
    public init(address: NodeAddress, incarnation: UInt64) {
        self.address = address
        self.incarnation = incarnation
    }
}

extension UniqueAddress {
    /// Compares the incarnations first: two processes share one hardly ever.
    public static func == (left: UniqueAddress, right: UniqueAddress) -> Bool {
        left.incarnation == right.incarnation && left.address == right.address
    }
}

extension UniqueAddress: Comparable {
    /// Compares by place, then incarnation.
    public static func < (left: UniqueAddress, right: UniqueAddress) -> Bool {
        if left.address < right.address { return true }
        return left.incarnation < right.incarnation && left.address == right.address
    }
}

extension UniqueAddress: CustomStringConvertible {
    /// `host:port~incarnation`, the incarnation in hexadecimal.
    public var description: String { "\(address)~\(String(incarnation, radix: 16))" }
}

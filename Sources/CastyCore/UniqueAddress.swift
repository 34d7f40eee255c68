/// One incarnation of a node: the address where it listens, and a random number generated when its process started.
///
/// A node that restarts at the same address is another incarnation and so another member; messages to the first never
/// reach the second. Values compare by address, then incarnation.
public struct UniqueAddress: Hashable, Sendable, Codable {
    /// Where the node listens.
    public let address: NodeAddress
    /// A random number that distinguishes this process from every other one at the same address; never zero.
    public let incarnation: UInt64

    /// Creates the identity of one incarnation.
    public init(address: NodeAddress, incarnation: UInt64) {
        self.address = address
        self.incarnation = incarnation
    }
}

extension UniqueAddress {
    /// Compares the incarnations first: two processes hardly ever share one.
    public static func == (left: UniqueAddress, right: UniqueAddress) -> Bool {
        left.incarnation == right.incarnation && left.address == right.address
    }
}

extension UniqueAddress: Comparable {
    /// Compares by address, then incarnation.
    public static func < (left: UniqueAddress, right: UniqueAddress) -> Bool {
        if left.address < right.address { return true }
        return left.incarnation < right.incarnation && left.address == right.address
    }
}

extension UniqueAddress: CustomStringConvertible {
    /// `host:port~incarnation`, the incarnation in hexadecimal.
    public var description: String { "\(address)~\(String(incarnation, radix: 16))" }
}

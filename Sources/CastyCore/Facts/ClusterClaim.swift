/// A member's statement about its cluster to a member of another one: enough to decide which of the two ends.
public struct ClusterClaim: Hashable, Sendable, Codable {
    /// The identity of the cluster.
    public let id: ClusterID
    /// Which founding of that identity: a cluster founded again by nodes that remember it keeps its identity.
    public let founding: UInt64
    /// How many reachable voting members it has.
    public let size: UInt32
    /// The highest up-number among its members: an older cluster has assigned more.
    public let age: UInt32
    /// Whether it has unreachable members that have not been declared down yet: it may itself be about to end.
    public let isTroubled: Bool

    /// Creates a claim.
    public init(id: ClusterID, founding: UInt64 = 0, size: UInt32, age: UInt32, isTroubled: Bool = false) {
        self.id = id
        self.founding = founding
        self.size = size
        self.age = age
        self.isTroubled = isTroubled
    }

    /// Whether both claims are about the same founding of the same cluster.
    public func isSame(as other: ClusterClaim) -> Bool { id == other.id && founding == other.founding }

    /// Whether this cluster ends when it meets another one: the smaller, then the younger, then the one with the higher
    /// identity or founding.
    ///
    /// This is a total order: of two different claims exactly one ends, and both sides compute the same result.
    public func ends(before other: ClusterClaim) -> Bool {
        if size != other.size { return size < other.size }
        if age != other.age { return age < other.age }
        if id != other.id { return id > other.id }
        return founding > other.founding
    }
}

extension ClusterClaim: CustomStringConvertible {
    /// For a person.
    public var description: String { "\(id.short) of \(size) \(size == 1 ? "member" : "members")" }
}

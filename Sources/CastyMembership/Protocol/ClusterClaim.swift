public import CastyCore

/// What a member says of its cluster to a member of another one: enough to decide which of the two ends.
public struct ClusterClaim: Hashable, Sendable {
    /// Its identity.
    public let id: ClusterID
    /// Which of the foundings under that identity: a cluster that was founded again by nodes that remember it keeps its identity.
    public let founding: UInt64
    /// How many voting members it has that can be reached.
    public let size: UInt32
    /// The highest number that one of its members has got on becoming up: the older a cluster, the more it has given.
    public let age: UInt32
    /// Whether it has members that cannot be reached and have not been declared down yet: it may itself be about to end.
    public let isTroubled: Bool

    /// Creates a claim.
    public init(id: ClusterID, founding: UInt64 = 0, size: UInt32, age: UInt32, isTroubled: Bool = false) {
        self.id = id
        self.founding = founding
        self.size = size
        self.age = age
        self.isTroubled = isTroubled
    }

    /// Whether both speak of one cluster, of one founding.
    public func isSame(as other: ClusterClaim) -> Bool { id == other.id && founding == other.founding }

    /// Whether this cluster ends where it meets another one: the smaller, then the younger, then the one with the higher identity or founding.
    ///
    /// A total order of claims: of two different ones exactly one ends, and both sides compute the same.
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

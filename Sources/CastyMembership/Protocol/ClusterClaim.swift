public import CastyPrimitives

/// What a member says of its cluster to a member of another one: enough to decide which of the two ends.
public struct ClusterClaim: Hashable, Sendable {
    /// Its identity.
    public let id: ClusterID
    /// How many members it has that are neither down nor exiting.
    public let size: UInt32
    /// The highest number that one of its members has got on becoming up: the older a cluster, the more it has given.
    public let age: UInt32

    /// Creates a claim.
    public init(id: ClusterID, size: UInt32, age: UInt32) {
        self.id = id
        self.size = size
        self.age = age
    }

    /// Whether this cluster ends where it meets another one: the smaller, then the younger, then the one with the higher identity.
    ///
    /// A total order of claims: of two different ones exactly one ends, and both sides compute the same.
    public func ends(before other: ClusterClaim) -> Bool {
        if size != other.size { return size < other.size }
        if age != other.age { return age < other.age }
        return id > other.id
    }
}

extension ClusterClaim: CustomStringConvertible {
    /// For a person.
    public var description: String { "\(id.short) of \(size) \(size == 1 ? "member" : "members")" }
}

/// Who stays when members cannot reach each other.
package enum DowningStrategy: Hashable, Sendable {
    /// The side with more than half of the votes stays; with exactly half, the one that has the lowest address.
    case keepMajority(role: String? = nil)
    /// The side that has at least `size` votes stays; choose more than half of the cluster.
    case staticQuorum(size: Int, role: String? = nil)
    /// The side of the oldest member stays, unless the oldest is alone there and `downIfAlone` is set.
    case keepOldest(downIfAlone: Bool = true, role: String? = nil)
    /// Nobody stays.
    case downAll
    /// Nobody goes until a person says so.
    case manual
}

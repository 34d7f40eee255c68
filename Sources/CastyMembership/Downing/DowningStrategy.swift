/// Which members stay when members cannot reach each other.
///
/// Every strategy takes into account changes that may be in progress at the moment of the split: a side without the
/// leader cannot know whether a joiner has become up, or a leaver has lost its vote, on the other side. It stays only
/// if it wins in either case. So two sides never stay. The cost: with members joining or leaving at that very moment it
/// can happen that no side stays.
public enum DowningStrategy: Hashable, Sendable {
    /// The side with more than half of the votes stays; with exactly half, the one that has the lowest address.
    case keepMajority(role: String? = nil)
    /// The side that has at least `size` votes stays; choose more than half of the cluster.
    case staticQuorum(size: Int, role: String? = nil)
    /// The side of the oldest member stays, unless the oldest is alone there and `downIfAlone` is set.
    case keepOldest(downIfAlone: Bool = true, role: String? = nil)
    /// The side that gets a lease outside the cluster stays. The side with more votes asks first, the others after a
    /// delay.
    case leaseMajority(role: String? = nil)
    /// No member stays.
    case downAll
    /// No member goes until a person declares it down.
    case manual

    /// Whether nothing is decided without the lease.
    package var needsLease: Bool {
        switch self {
        case .leaseMajority: true
        case .keepMajority, .staticQuorum, .keepOldest, .downAll, .manual: false
        }
    }
}

extension DowningStrategy: CustomStringConvertible {
    /// The strategy as the text of a shared setting: `keep-majority`, `static-quorum 3`.
    public var description: String {
        func suffix(_ role: String?) -> String { role.map { " role \($0)" } ?? "" }
        return switch self {
        case .keepMajority(let role): "keep-majority" + suffix(role)
        case .staticQuorum(let size, let role): "static-quorum \(size)" + suffix(role)
        case .keepOldest(let downIfAlone, let role): "keep-oldest" + (downIfAlone ? "" : " even alone") + suffix(role)
        case .leaseMajority(let role): "lease-majority" + suffix(role)
        case .downAll: "down-all"
        case .manual: "manual"
        }
    }
}

/// Who stays when members cannot reach each other.
public enum DowningStrategy: Hashable, Sendable {
    /// The side with more than half of the votes stays; with exactly half, the one that has the lowest address.
    case keepMajority(role: String? = nil)
    /// The side that has at least `size` votes stays; choose more than half of the cluster.
    case staticQuorum(size: Int, role: String? = nil)
    /// The side of the oldest member stays, unless the oldest is alone there and `downIfAlone` is set.
    case keepOldest(downIfAlone: Bool = true, role: String? = nil)
    /// The side that gets a lease outside the cluster stays. The side with more votes asks first, the others wait a little.
    case leaseMajority(role: String? = nil)
    /// Nobody stays.
    case downAll
    /// Nobody goes until a person says so.
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
    /// The strategy as a setting that all nodes share: `keep-majority`, `static-quorum 3`.
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

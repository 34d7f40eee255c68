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

extension DowningStrategy: CustomStringConvertible {
    /// The strategy as a setting that all nodes share: `keep-majority`, `static-quorum 3`.
    package var description: String {
        func suffix(_ role: String?) -> String { role.map { " role \($0)" } ?? "" }
        return switch self {
        case .keepMajority(let role): "keep-majority" + suffix(role)
        case .staticQuorum(let size, let role): "static-quorum \(size)" + suffix(role)
        case .keepOldest(let downIfAlone, let role): "keep-oldest" + (downIfAlone ? "" : " even alone") + suffix(role)
        case .downAll: "down-all"
        case .manual: "manual"
        }
    }
}

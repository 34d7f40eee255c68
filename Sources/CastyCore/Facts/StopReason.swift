/// Why a node stops by itself.
public enum StopReason: Hashable, Sendable, Codable {
    /// It left on request.
    case left
    /// It was declared down, by itself or by the others.
    case downed
    /// The others have already removed it, because it was frozen or cut off; or they never learned of it, because the
    /// member that let it in was.
    case removed
    /// The cluster did not let it in.
    case refused(JoinRefusal)
    /// A second cluster of the same name was found, and the node's own cluster is the one that ends.
    case secondCluster(own: ClusterClaim, other: ClusterClaim)
    /// The node cannot work in this cluster for a reason outside the membership, such as a store that belongs to
    /// another cluster.
    case failed(String)
}

extension StopReason: CustomStringConvertible {
    /// For a person.
    public var description: String {
        switch self {
        case .left: "left"
        case .downed: "downed"
        case .removed: "removed by the others"
        case .refused(let refusal): "refused: \(refusal)"
        case .secondCluster(let own, let other): "second cluster: \(own) ends before \(other)"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}

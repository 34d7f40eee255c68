/// Why a node was not let in.
public enum JoinRefusal: Hashable, Sendable, Codable {
    /// The node asked is itself in no cluster yet.
    case notInitialised
    /// The node asked is leaving.
    case goingAway
    /// The joiner has a different value for a shared setting.
    ///
    /// A value that one of the two does not have is `not set`.
    case settingDiffers(name: String, cluster: String, joiner: String)
    /// This incarnation was a member once and was removed; only a new one may join.
    case removed
    /// The process at a seed's address cannot be a node of this cluster: it has another cluster name, or identifies
    /// itself as another node.
    case wrongSeed(address: NodeAddress, answer: String)
    /// This node's data belongs to another cluster than the one it found.
    case otherCluster(remembered: ClusterID, found: ClusterID)
}

extension JoinRefusal: CustomStringConvertible {
    /// The value of a setting that one of the two does not have.
    package static let notSet = "not set"

    /// For a person: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .notInitialised: "that node is in no cluster itself yet"
        case .goingAway: "that node is about to go"
        case .settingDiffers(let name, let cluster, let joiner) where cluster == Self.notSet:
            "\(name) is \(joiner) here and \(cluster) in the cluster; start it without \(name)"
        case .settingDiffers(let name, let cluster, let joiner):
            "\(name) is \(joiner) here and \(cluster) in the cluster; start it with \(name) \(cluster)"
        case .removed: "this incarnation was removed; start it again"
        case .wrongSeed(let address, let answer): "the seed \(address) is none of this cluster: \(answer)"
        case .otherCluster(let remembered, let found):
            "its data belongs to cluster \(remembered), and the seeds are in cluster \(found)"
        }
    }
}

/// What a node reports about its own part in the membership. What happens to a member is an event of its own.
public enum MembershipNotice: Hashable, Sendable, Codable {
    /// The node founds this cluster.
    case founds(ClusterID)
    /// The node founds its former cluster again, as a person ordered, though these may be in it.
    case foundsAgain(without: [NodeAddress])
    /// The node finds no cluster.
    case waits(FoundingWait)
    /// The node leaves before it was welcomed. Should it be a member, others will find it unreachable.
    case leavesUnwelcomed
    /// The cluster did not agree in time that the node leaves. It leaves nevertheless.
    case leavesUnagreed
    /// This number of the voting members do not know the node.
    case isUnknown(to: Int, of: Int)
    /// The peer answers on probe connections only.
    case answersProbesOnly(UniqueAddress)
    /// The majority lease could not be renewed.
    case leaseNotRenewed
    /// The node at this address is in another cluster of the same name.
    case otherCluster(NodeAddress, own: ClusterClaim, other: ClusterClaim)
    /// The member sends a state that no member can have. It is not taken over. Reported once.
    case implausibleState(of: UniqueAddress, ImplausibleState)
    /// The member passes on marks that this node is said to have made, and has not. Its own are restored. Reported once.
    case foreignRows(from: UniqueAddress)
    /// The node was late itself by this time.
    case late(by: Duration)
}

/// What is wrong with a state that a member has sent.
public enum ImplausibleState: Hashable, Sendable, Codable {
    /// It is that of another cluster.
    case otherCluster
    /// A counter of changes is far ahead of what this node knows.
    case counter
    /// The up-numbers are far ahead of those that this node knows.
    case upNumber
}

extension MembershipNotice: CustomStringConvertible {
    /// For a person, and in JSON.
    public var description: String {
        switch self {
        case .founds(let id): "founds cluster \(id)"
        case .foundsAgain(let absent):
            "founds its former cluster again, as ordered, though \(absent.map(\.description).joined(separator: ", ")) "
                + "may be in it"
        case .waits(let wait): wait.description
        case .leavesUnwelcomed: "no welcome before it leaves; should it be a member, others will find it unreachable"
        case .leavesUnagreed: "no agreement on its leaving: it goes by its own word"
        case .isUnknown(let count, let voters): "\(count) of \(voters) voting members do not know this node"
        case .answersProbesOnly(let peer): "\(peer) answers on probe connections only: its connection is dialled anew"
        case .leaseNotRenewed: "the lease could not be renewed; what it was held for is decided"
        case .otherCluster(let address, let own, let other):
            "\(address) is in another cluster, \(other); this node is in \(own)"
        case .implausibleState(let peer, let problem):
            switch problem {
            case .otherCluster: "\(peer) sends the state of another cluster: refused"
            case .counter: "\(peer) sends a state with a counter that jumps: refused"
            case .upNumber: "\(peer) sends a state with up-numbers that jump: refused"
            }
        case .foreignRows(let peer): "\(peer) passes on marks in this node's name, which are not its own: restored"
        case .late(let lateness): "late by \(Instant.start + lateness) s: in doubt about itself, not about its peers"
        }
    }
}

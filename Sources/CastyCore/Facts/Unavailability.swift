/// Why an entity or a singleton cannot be reached at present, or why an ask lost the node that it was sent to.
public enum Unavailability: Hashable, Sendable, Codable {
    /// The node that had the message has left the cluster or was removed from it; that node may have handled the
    /// message.
    case nodeRemoved(NodeAddress)
    /// The home node is unreachable: it comes back, or is removed and another node takes over.
    case nodeUnreachable(NodeAddress)
    /// The home node was removed. Another node starts the shard once the lease of the removed node has certainly
    /// expired.
    case waitsForLease
    /// The node that coordinates the shards is unreachable.
    case coordinatorUnreachable(NodeAddress)
    /// The node that coordinates the shards is new, and waits for an answer from an unreachable node that may run the
    /// shard.
    case coordinatorWaits
    /// No member with this role is up or about to become up.
    case noNodeWithRole(String)
    /// No member is up or about to become up.
    case noNode
    /// No member that is up has registered to host the type.
    case noHost
    /// Every node that hosts the type is unreachable.
    case allUnreachable
    /// Every node that hosts the type is leaving or has no lease.
    case allRefuse
    /// Fewer nodes host the type than there must be before its first shard is placed.
    case tooFewNodes
    /// The node where the type's coordinator belongs does not run the type.
    case notHosted(by: NodeAddress)
    /// The cluster counts this number of shards, and the asking node another one.
    case shardCountDiffers(cluster: Int)
}

extension Unavailability {
    /// The node that it is about, where it is about one.
    public var node: NodeAddress? {
        switch self {
        case .nodeRemoved(let node), .nodeUnreachable(let node), .coordinatorUnreachable(let node),
            .notHosted(let node):
            node
        case .waitsForLease, .coordinatorWaits, .noNodeWithRole, .noNode, .noHost, .allUnreachable, .allRefuse,
            .tooFewNodes,
            .shardCountDiffers:
            nil
        }
    }
}

extension Unavailability: CustomStringConvertible {
    /// For a person: what the problem is, and what to do.
    public var description: String {
        switch self {
        case .nodeRemoved(let node):
            "\(node) has left the cluster or was removed from it, and may have handled the question; ask again if that does no harm"
        case .nodeUnreachable(let node):
            "\(node) is unreachable; ask again when it is back or another node has taken over"
        case .waitsForLease:
            "its node was removed, and another one takes over when that one's lease has ended; ask again then"
        case .coordinatorUnreachable(let node):
            "its coordinator \(node) is unreachable; ask again when it is back or another node has taken over"
        case .coordinatorWaits:
            "its coordinator is new, and waits for a node that is unreachable and may run it; ask again when that is back or removed"
        case .noNodeWithRole(let role): "no node with the role \(role) is up; start one"
        case .noNode: "no node that stays in the cluster is up; start one"
        case .noHost: "no node that is up hosts its type; start the type on one"
        case .allUnreachable: "all nodes that host its type are unreachable"
        case .allRefuse: "all nodes that host its type are leaving or have no lease; start another one"
        case .tooFewNodes: "fewer nodes host its type than the first shard needs; start more"
        case .notHosted(let node): "\(node), which would coordinate its type, does not run it; start the type there too"
        case .shardCountDiffers(let count):
            "the cluster counts \(count) shards of its type, and the asking node another number; set the same one"
        }
    }
}

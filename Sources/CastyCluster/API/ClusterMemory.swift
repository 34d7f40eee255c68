import CastyActors
public import CastyCore
public import CastyMembership
import Logging

/// Where a node remembers the cluster it is in, so that it asks those members first when it is started again, and founds no second cluster while the
/// remembered one may live.
public protocol ClusterMemory: Sendable {
    /// What was remembered last; `nil` where nothing was.
    ///
    /// - Throws: ``ClusterMemoryError`` where that cannot be known.
    func recall() throws -> RememberedCluster?

    /// Remembers, in place of what was remembered. Returns at once; the writing may take its time.
    ///
    /// - Parameter failed: Called with the reason where it could not be written.
    func remember(_ cluster: RememberedCluster, failed: @escaping @Sendable (String) -> Void)
}

/// A store that belongs to one cluster for good.
///
/// The nodes of a cluster that share such a store must all have the same one; a second cluster, whatever its name, must not write into it.
public protocol ClusterStore: Sendable {
    /// What kind of store it is, and which one: the same on all nodes that reach the same store, and compared when a node joins.
    var identity: String { get }

    /// The cluster that it belongs to; `nil` while it belongs to none.
    ///
    /// - Parameter name: The name of the cluster that this node is to join.
    /// - Throws: ``ClusterMemoryError`` where it belongs to a cluster of another name.
    func recallCluster(name: String) throws -> ClusterID?

    /// The store belongs to this cluster from now on.
    ///
    /// - Throws: ``ClusterMemoryError`` where it belongs to another one.
    func belong(to id: ClusterID, name: String) throws
}

/// Why a node may not use what it was given to remember a cluster by, or to keep the cluster's data.
public struct ClusterMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// For a person: what is wrong, and what to do.
    public let description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
}

extension Cluster {
    /// What this node knows of the cluster it was in, from its memory and its store.
    func recall() throws -> RememberedCluster? {
        let remembered = try config.memory?.recall()
        let owner = try config.store?.recallCluster(name: system.name)
        if let remembered, let owner, remembered.id != owner {
            throw ClusterMemoryError(
                "this node remembers cluster \(remembered.id), and its store belongs to cluster \(owner): one of the two folders is not this node's"
            )
        }
        return remembered ?? owner.map { RememberedCluster(id: $0) }
    }

    /// This node is a member: its store belongs to the cluster from now on.
    func bindStore() {
        guard let store = config.store, let id = shared.value.gossip.cluster else { return }
        do {
            try store.belong(to: id, name: system.name)
        } catch {
            daemon.tell(.fail("\(error)"))
        }
    }

    func remember(_ remembered: RememberedCluster) {
        let log = system.log
        config.memory?.remember(remembered) { log.warning("what this node is in cannot be remembered: \($0)") }
    }
}

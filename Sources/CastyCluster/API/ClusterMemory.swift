import CastyActors
public import CastyCore
public import CastyMembership
import Logging

/// Where a node stores which cluster it is in. When it is started again it asks the remembered members first, and
/// founds no second cluster while the remembered one may still run.
public protocol ClusterMemory: Sendable {
    /// The last remembered cluster; `nil` where there is none.
    ///
    /// - Throws: ``ClusterMemoryError`` where that cannot be determined.
    func recall() throws -> RememberedCluster?

    /// What other nodes that keep their memories in the same place remember of a cluster: the members of all of them. A
    /// node that was never in the cluster, and finds that its store belongs to it, asks those.
    ///
    /// - Throws: ``ClusterMemoryError`` where that cannot be determined.
    func neighbors(in cluster: ClusterID) throws -> RememberedCluster?

    /// Remembers a cluster, replacing the one remembered before. Returns at once; the write may take longer.
    ///
    /// - Parameter failed: Called with the reason where the write fails.
    func remember(_ cluster: RememberedCluster, failed: @escaping @Sendable (String) -> Void)
}

extension ClusterMemory {
    /// Nothing.
    public func neighbors(in cluster: ClusterID) throws -> RememberedCluster? { nil }
}

/// A store that belongs to one cluster permanently.
///
/// All nodes of a cluster must have the same such store; a second cluster, whatever its name, must not write into it.
public protocol ClusterStore: Sendable {
    /// The kind of store, and which one: the same on all nodes that reach the same store, and compared when a node
    /// joins.
    var identity: String { get }

    /// The cluster that the store belongs to; `nil` while it belongs to none.
    ///
    /// - Parameter name: The name of the cluster that this node is to join.
    /// - Throws: ``ClusterMemoryError`` where it belongs to a cluster of another name.
    func recallCluster(name: String) throws -> ClusterID?

    /// The highest number of a member that the store has recorded, 0 if it records none.
    ///
    /// A cluster that is founded anew under the store's identity numbers its members from there, so that its fencing
    /// tokens are higher than all that the store knows.
    func highestUpNumber() throws -> Int

    /// Binds the store to this cluster from now on.
    ///
    /// - Throws: ``ClusterMemoryError`` where it belongs to another one.
    func belong(to id: ClusterID, name: String) throws
}

extension ClusterStore {
    /// None.
    public func highestUpNumber() throws -> Int { 0 }
}

/// Why a node may not use its configured cluster memory or store.
public struct ClusterMemoryError: CastyError, Hashable {
    /// What is wrong. More codes may be added.
    public struct Code: CastyErrorCode {
        /// The name of the code.
        public let rawValue: String

        /// Creates a code, for a memory or a store of your own.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Creates a code, for a memory or a store of your own.
        public init(_ name: String) { self.init(rawValue: name) }

        /// It cannot be read or written.
        public static let unusable = Code("unusable")
        /// It belongs to another cluster.
        public static let otherCluster = Code("other cluster")
    }

    /// What is wrong.
    public let code: Code
    /// For a person: what is wrong, and what to do.
    public let message: String

    /// Creates an error.
    public init(_ message: String, code: Code = .unusable) {
        self.code = code
        self.message = message
    }
}

extension Cluster {
    /// The cluster that this node was in, according to its memory and its store.
    func recall() throws -> RememberedCluster? {
        let remembered = try config.memory?.recall()
        let owner = try config.store?.recallCluster(name: system.name)
        if let remembered, let owner, remembered.id != owner {
            throw ClusterMemoryError(
                "this node remembers cluster \(remembered.id), and its store belongs to cluster \(owner): one of the two folders is not this node's",
                code: .otherCluster)
        }
        guard let owner else { return remembered }
        // A new node on the folder of a cluster that runs: it must not found that a second time.
        var result =
            try remembered ?? config.memory?.neighbors(in: owner) ?? RememberedCluster(id: owner)
        let recorded = UInt32(clamping: try config.store?.highestUpNumber() ?? 0)
        result.highestUpNumber = max(result.highestUpNumber, recorded)
        return result
    }

    /// Binds the store to the cluster, now that this node is a member.
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

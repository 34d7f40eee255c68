import CastyCluster
import CastyMembership
import Synchronization

/// The nodes' memories of their cluster, by node number. A memory survives a restart of its node, as a data folder
/// does.
final class ClusterMemories: Sendable {
    private let byNumber = Mutex<[Int: RememberedCluster]>([:])

    /// The memory of one node.
    func memory(of number: Int) -> any ClusterMemory { NodeMemory(memories: self, number: number) }

    private struct NodeMemory: ClusterMemory {
        let memories: ClusterMemories
        let number: Int

        func recall() -> RememberedCluster? { memories.byNumber.withLock { $0[number] } }

        func remember(_ cluster: RememberedCluster, failed: @escaping @Sendable (String) -> Void) {
            memories.byNumber.withLock { $0[number] = cluster }
        }
    }
}

import CastyCluster
import CastyMembership
import Synchronization

/// What the nodes of a testbed remember of their cluster, by their number: it outlives each of their processes, as a data folder does.
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

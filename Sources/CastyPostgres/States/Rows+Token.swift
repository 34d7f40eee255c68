import CastyCore
import CastySharding

extension Rows {
    /// The token in the first four columns of the first row: cluster, number, start and sequence.
    func token() -> ShardFence? {
        guard let cluster = text(0).flatMap({ ClusterID($0) }), let upNumber: Int = number(1),
            let start: Int = number(2),
            let sequence: UInt64 = number(3)
        else { return nil }
        return ShardFence(cluster: cluster, upNumber: upNumber, start: start, sequence: sequence)
    }
}

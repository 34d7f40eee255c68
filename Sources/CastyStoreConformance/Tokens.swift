import CastyCore
import CastySharding

/// The cluster of the checks, and a second one that reaches for the same store.
let testCluster = ClusterID(high: 1, low: 1)
let secondCluster = ClusterID(high: 1, low: 2)

/// A token of the cluster of the checks.
func token(_ sequence: UInt64, upNumber: Int = 1, start: Int = 1) -> ShardFence {
    ShardFence(cluster: testCluster, upNumber: upNumber, start: start, sequence: sequence)
}

/// A token of the second cluster, higher than all others if it were compared with them.
let secondToken = ShardFence(cluster: secondCluster, upNumber: 9, start: 1, sequence: 1)

/// A key of an entity; all entities of a type have one shard where `shards` is 1.
func entity(_ id: String, _ type: String = "account", of shards: Int = 1) -> EntityKey {
    EntityKey(type: type, id: id, shards: shards)
}

/// Lets a call that was begun beside this one come further, in each round to another point.
func giveWay(_ round: UInt64) async {
    for _ in 0..<round % 5 { await Task.yield() }
}

/// How a change ended, as far as its caller knows.
enum Ending: Equatable {
    case made, refused, unknown
}

/// Makes a change, whatever comes of it.
func ending(_ call: @Sendable () async throws -> Void) async -> Ending {
    do {
        try await call()
        return .made
    } catch {
        return (error as? EntityStoreError)?.isOutcomeUnknown == false ? .refused : .unknown
    }
}

/// Whether a call returns without an error.
func succeeds(_ call: @Sendable () async throws -> Void) async -> Bool {
    do {
        try await call()
        return true
    } catch { return false }
}

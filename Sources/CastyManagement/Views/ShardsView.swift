import CastyCore
import CastyObservability

/// Where the shards of one type live, as one node sees it.
struct ShardsView: Encodable, Sendable {
    struct Home: Encodable, Sendable {
        let shard: Int
        let node: String
        let moving: Bool
    }

    struct Hosted: Encodable, Sendable {
        let shard: Int
        let state: String
        let entities: Int
        let handled: UInt64
    }

    struct Unplaced: Encodable, Sendable {
        let shard: Int
        let reason: String
    }

    let type: String
    let shardCount: Int
    let coordinator: String?
    let epoch: UInt64
    let registered: Bool
    let rebalancingPaused: Bool
    /// Messages that wait on this node for a home.
    let buffered: Int
    /// Why no shard of the type can get a home.
    let unavailable: String?
    let drained: [String]
    let pinned: [Int]
    let homes: [Home]
    /// The shards that this node hosts.
    let hosted: [Hosted]
    let unplaced: [Unplaced]

    init(_ snapshot: ShardingSnapshot) {
        type = snapshot.type
        shardCount = snapshot.shardCount
        coordinator = snapshot.coordinator?.address.description
        epoch = snapshot.epoch
        registered = snapshot.registered
        rebalancingPaused = snapshot.isPaused
        buffered = snapshot.buffered
        unavailable = snapshot.unavailable?.description
        drained = snapshot.drained.map(\.address.description)
        pinned = snapshot.pinned
        homes = snapshot.homes.map {
            Home(shard: $0.shard, node: $0.node.address.description, moving: $0.moving)
        }
        hosted = snapshot.shards.map {
            Hosted(shard: $0.shard, state: $0.state.description, entities: $0.entityCount, handled: $0.handled)
        }
        unplaced = snapshot.unplaced.map { Unplaced(shard: $0.shard, reason: $0.cause.description) }
    }
}

/// Several types.
struct ShardTypesView: Encodable, Sendable {
    let node: String
    let types: [ShardsView]
}

import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyPlacement

/// The parts of one singleton on one node.
final class SingletonHost: Sendable {
    let name: String
    let cluster: Cluster
    let settings: SingletonSettings
    let payloads: PayloadCodec
    let kind: ActorKind<SingletonCommand, EntityContext>
    let gate = LeaseGate()
    private let store: (any EntityStore)?
    private let calls: StoreCalls
    private let times: StoreTimes

    init(
        name: String, cluster: Cluster, settings: SingletonSettings, payloads: PayloadCodec,
        store: (any EntityStore)?, kind: ActorKind<SingletonCommand, EntityContext>
    ) {
        self.name = name
        self.cluster = cluster
        self.settings = settings
        self.payloads = payloads
        self.store = store
        self.kind = kind
        calls = StoreCalls.of(cluster)
        times = StoreTimes.of(cluster)
    }

    /// All messages share one path, so that none overtakes another.
    static func paths(_ name: String) -> ShellPaths { ShellPaths(data: ["singleton", name]) }

    /// In stores a singleton is the only entity of a type of its own, which no type of entities is named like: each has
    /// its own shard, because each may run on another node.
    static func key(_ name: String) -> EntityKey { EntityKey(type: "casty.singleton.\(name)", id: name, shards: 1) }

    /// What an incarnation knows about itself.
    ///
    /// - Parameters:
    ///   - upNumber: This node's number among all members that were ever up.
    ///   - mayWrite: Whether the node's lease is valid, and the incarnation not paused.
    func context(
        for incarnation: UInt64, upNumber: Int, mayWrite: @escaping @Sendable () -> Bool
    ) -> EntityContext {
        let key = Self.key(name)
        // A later home has a higher number, and a later incarnation on the same node a higher count.
        let access = store.map { store in
            StoreAccess(
                store, key: key, system: cluster.system, calls: calls, times: times,
                limit: cluster.config.settings.entityLease / 2
            ) { [cluster] in
                guard mayWrite(), let id = cluster.id else { return nil }
                return ShardFence(cluster: id, upNumber: upNumber, start: 1, sequence: incarnation)
            }
        }
        return EntityContext(
            type: name, id: key.id, shard: key.shard, node: cluster.system.unique, incarnation: incarnation,
            access: access, clock: { [clock = cluster.system.world.wallClock] in clock.now }, passivate: {})
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyLive
import CastyMembership
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySharding

/// Nodes of one cluster in this process, each with its own sockets and event loops; the actors share the worker
/// threads.
final class ShardNodes {
    static let shards = 24
    let nodes: [ShardNode]
    private let world: LiveWorld

    /// Starts a cluster, and waits until all nodes are up in all views.
    ///
    /// - Parameter store: Where entities keep their states by default; it may belong to a cluster already.
    init(
        _ count: Int, codec: CodecID = .binary, workers: Int = max(2, WorkerPool.cores),
        store: (any EntityStore)? = nil
    ) throws {
        let addresses = try FreePort.addresses(count)
        let world = LiveWorld(workers: workers)
        self.world = world
        nodes = try addresses.map { try ShardNode(at: $0, seeds: addresses, codec: codec, store: store, world) }
        do {
            for node in nodes { try BenchNode.start { node.start(completion: $0) } }
            let nodes = nodes
            try Machine.wait("\(count) nodes are not one cluster") {
                nodes.allSatisfy { $0.cluster.state.up.count == count }
            }
        } catch {
            end()
            throw error
        }
    }

    func end() {
        for node in nodes { BenchNode.end(node.system) }
        world.shutdown()
    }
}

/// One node of a cluster with sharding.
struct ShardNode: Sendable {
    private let node: AssembledNode

    var system: ActorSystem { node.system }
    var cluster: Cluster { node.cluster }
    var sharding: Sharding { node.sharding }

    init(
        at address: NodeAddress, seeds: [NodeAddress], codec: CodecID, store: (any EntityStore)?, _ world: LiveWorld
    ) throws {
        var assembly = NodeAssembly(
            name: BenchNode.cluster, address: address, config: .responsive(seeds: seeds), registry: try .bench())
        assembly.remoting.codec = codec
        assembly.entityStore = store
        assembly.log = BenchNode.log
        node = try assembly.make(in: world.node(transport: TwoLaneTransport()).world)
    }

    func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        node.start(completion: completion)
    }

    /// Entities that count parcels.
    func sinks(_ passivation: PassivationSettings = PassivationSettings()) throws -> ShardRegion<Parcel> {
        try sharding.start(
            type: "sink", settings: settings(passivation), store: nil, handling: ActorHandling { _ in .sink })
    }

    /// Entities that answer questions.
    func oracles() throws -> ShardRegion<Question> {
        try sharding.start(type: "oracle", settings: settings(), store: nil, handling: ActorHandling { _ in .oracle })
    }

    /// Entities of another kind that answer questions, with a store.
    func oracles(
        _ type: String, store: any EntityStore, _ entity: @escaping @Sendable (EntityContext) -> Behavior<Question>
    ) throws -> ShardRegion<Question> {
        try sharding.start(type: type, settings: settings(), store: store, entity: entity)
    }

    func settings(_ passivation: PassivationSettings = PassivationSettings()) -> PlacementSettings {
        var settings = PlacementSettings(cluster.config.settings, shards: ShardNodes.shards)
        settings.passivation = passivation
        return settings
    }
}

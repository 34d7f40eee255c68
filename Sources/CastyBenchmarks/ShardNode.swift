import CastyActors
import CastyCluster
import CastyCore
import CastyLive
import CastyMembership
import CastyPlacement
import CastyRemoting
import CastySerialization
import CastySharding
import Logging

/// Nodes of one cluster in this process, each with its own sockets and event loops; the actors share the worker
/// threads.
final class ShardNodes {
    static let shards = 24
    let nodes: [ShardNode]
    private let world = LiveWorld()

    /// Starts a cluster, and waits until all nodes are up in all views.
    init(_ count: Int, codec: CodecID = .binary) throws {
        let places = try (0..<count).map { _ in NodeAddress(host: "127.0.0.1", port: try Machine.freePort()) }
        let world = world
        nodes = try places.map { try ShardNode(at: $0, seeds: places, codec: codec, world) }
        do {
            for node in nodes { try node.start() }
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
        for node in nodes { node.end() }
        world.shutdown()
    }
}

/// One node of a cluster with sharding.
final class ShardNode: Sendable {
    let system: ActorSystem
    let sharding: Sharding
    private let node: ClusterNode

    var cluster: Cluster { node.cluster }

    init(at place: NodeAddress, seeds: [NodeAddress], codec: CodecID, _ world: LiveWorld) throws {
        let registry = TypeRegistry()
        try registry.register(Parcel.self, name: "bench.parcel")
        try registry.register(Receipt.self, name: "bench.receipt")
        try registry.register(Question.self, name: "bench.question")
        try registry.register(Answer.self, name: "bench.answer")
        let silence = Logger(label: "casty.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        system = ActorSystem(
            name: "bench", address: place, world: world.node(transport: TwoLaneTransport()).world, registry: registry,
            log: silence)
        var settings = RemotingSettings()
        settings.codec = codec
        node = try ClusterNode(system: system, config: .responsive(seeds: seeds), remoting: settings)
        sharding = Sharding(node.cluster)
    }

    func start() throws {
        let started = Gate()
        let failure = Failure()
        node.start { result in
            if case .failure(let error) = result { failure.note(error) }
            started.open()
        }
        try started.wait(seconds: 10)
        try failure.check()
    }

    /// Entities that count parcels.
    func sinks(_ passivation: PassivationSettings = PassivationSettings()) throws -> ShardRegion<Parcel> {
        try sharding.start(type: "sink", settings: settings(passivation), store: nil) { _ in
            .stateful(0) { count, _, parcel in
                count += 1
                if let receipt = parcel.receipt {
                    receipt.tell(Receipt(count: count))
                    count = 0
                }
                return .same
            }
        }
    }

    /// Entities that answer questions.
    func oracles() throws -> ShardRegion<Question> {
        try sharding.start(type: "oracle", settings: settings(), store: nil) { _ in
            .receive { _, question in
                question.replyTo.tell(Answer(number: question.number))
                return .same
            }
        }
    }

    private func settings(_ passivation: PassivationSettings = PassivationSettings()) -> PlacementSettings {
        var settings = PlacementSettings(cluster.config.settings, shards: ShardNodes.shards)
        settings.passivation = passivation
        return settings
    }

    func end() {
        let done = Gate()
        system.terminate { done.open() }
        try? done.wait(seconds: 10)
    }
}

package import CastyActors
package import CastyCluster
package import CastyCore
package import CastyRemoting
package import CastySerialization
package import Logging

/// What a node is made of. Every node with shards is assembled here: live or simulated, of users, tests and benchmarks.
package struct NodeAssembly {
    /// The name of the cluster.
    package var name: String
    package var address: NodeAddress
    package var config: ClusterConfig
    /// The types of messages between nodes.
    package var registry: TypeRegistry
    package var remoting = RemotingSettings()
    /// The store for entities whose type has no store of its own.
    package var entityStore: (any EntityStore)?
    /// Where events and losses go; `nil` for an inspector of the node's own.
    package var inspector: Inspector?
    package var log = Logger(label: "casty")
    /// Whether messages between actors of this node are encoded and decoded too.
    package var encodesLocalMessages = false
    /// What contexts are carried for with messages, and spans made by.
    package var tracer: (any MessageTracing)?
    /// Called when the connection with an incarnation was lost: messages in transit to it may be lost.
    package var connectionLost: @Sendable (UniqueAddress) -> Void = { _ in }
    /// Called when messages that waited for a connection with an address were given up.
    package var gaveUp: @Sendable (NodeAddress) -> Void = { _ in }

    package init(name: String, address: NodeAddress, config: ClusterConfig, registry: TypeRegistry = TypeRegistry()) {
        self.name = name
        self.address = address
        self.config = config
        self.registry = registry
    }

    /// Assembles the node in a runtime; ``AssembledNode/start(completion:)`` starts it.
    package func make(in world: NodeWorld) throws -> AssembledNode { try make(on: makeSystem(in: world)) }

    /// Makes the node's actor system.
    package func makeSystem(in world: NodeWorld) -> ActorSystem {
        ActorSystem(
            name: name, address: address, world: world, registry: registry, inspector: inspector, log: log,
            localCodec: encodesLocalMessages ? remoting.codec : nil, localSerializer: remoting.serializer,
            tracer: tracer)
    }

    /// Assembles the node on its actor system.
    package func make(on system: ActorSystem) throws -> AssembledNode {
        var config = config
        // A store that belongs to one cluster decides which cluster the node may be in.
        if config.store == nil { config.store = entityStore as? any ClusterStore }
        let node = try ClusterNode(
            system: system, config: config, remoting: remoting, connectionLost: connectionLost, gaveUp: gaveUp)
        // Also where another node or an operator lets it leave.
        node.cluster.beforeExit { [shutdown = system.shutdown] done in
            shutdown.run(ShutdownPhase.leaving, completion: done)
        }
        return AssembledNode(node: node, sharding: Sharding(node.cluster, entityStore: entityStore))
    }
}

/// A node with its actors, its connections, its membership and its shards.
package struct AssembledNode: Sendable {
    private let node: ClusterNode
    package let sharding: Sharding

    init(node: ClusterNode, sharding: Sharding) {
        self.node = node
        self.sharding = sharding
    }

    package var system: ActorSystem { node.system }
    package var cluster: Cluster { node.cluster }
    package var remoting: Remoting { node.remoting }

    /// Listens, then begins to join.
    ///
    /// - Parameter completion: Called with the bound address, or with the reason why binding failed.
    package func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        node.start(completion: completion)
    }

    /// Listens; the cluster is to be started later.
    package func listen(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        node.listen(completion: completion)
    }
}

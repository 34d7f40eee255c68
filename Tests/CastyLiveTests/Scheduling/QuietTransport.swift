import CastyCore
import CastyLive

@testable import CastyActors

/// A network on which nobody else is.
final class QuietTransport: Transport, Suspendable {
    func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) { completion(.success(address)) }

    func connect(to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler) {
        handler.connectionFailed(TransportError(.refused, "no network here"))
    }

    func shutdown(completion: @escaping @Sendable () -> Void) { completion() }

    func freeze() {}

    func thaw() {}

    func kill() {}
}

extension LiveWorld {
    /// A system of this world that reaches nobody.
    func system(_ name: String = "test") -> ActorSystem {
        ActorSystem(
            name: name, address: NodeAddress(host: "127.0.0.1", port: 1), world: node(transport: QuietTransport()).world
        )
    }
}

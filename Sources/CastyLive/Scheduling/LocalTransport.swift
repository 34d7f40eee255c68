package import CastyCore

/// The transport of a system without a network. It listens on no address, and every attempt to dial fails at once.
package final class LocalTransport: MessageTransport, Suspendable {
    package init() {}

    package func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) { completion(.success(address)) }

    package func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) {
        handler.connectionFailed(TransportError(.refused, "this system is local: it has no network"))
    }

    package func shutdown(completion: @escaping @Sendable () -> Void) { completion() }

    package func freeze() {}

    package func thaw() {}

    package func kill() {}
}

public import CastyCore

/// The transport of a system without a network. It listens on no address, and every attempt to dial fails at once.
public final class LocalTransport: MessageTransport {
    /// Creates the transport.
    public init() {}

    /// Takes any address: nothing can connect to it.
    public func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress { address }

    /// Reports success; no connection will come.
    public func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) { completion(.success(address)) }

    /// Reports that the connection is refused.
    public func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) {
        handler.connectionFailed(TransportError(.refused, "this system is local: it has no network"))
    }

    /// Has nothing to close.
    public func shutdown(completion: @escaping @Sendable () -> Void) { completion() }
}

extension LocalTransport: Suspendable {
    package func freeze() {}

    package func thaw() {}

    package func kill() {}
}

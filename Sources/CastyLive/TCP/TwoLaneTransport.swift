package import CastyCore
import Synchronization

/// The live ``MessageTransport`` of a node: one thread for the connections that carry control messages, another for
/// those that carry user messages.
///
/// Decoding user messages runs the users' code on the user thread and may take any time. No heartbeat waits for it.
package final class TwoLaneTransport: MessageTransport, Suspendable {
    private let control: TCPTransport
    private let user: TCPTransport

    /// Starts both threads; ``shutdown(completion:)`` or ``kill()`` MUST be called.
    ///
    /// - Parameters:
    ///   - filter: Which links are cut, shared by the nodes of one process; `nil` where links cannot be cut.
    ///   - protection: What protects the connections; `nil` for nothing.
    package init(filter: (any LinkFilter)? = nil, protection: (any ConnectionProtection)? = nil) {
        user = TCPTransport(filter: filter, protection: protection)
        control = TCPTransport(filter: filter, protection: protection, usersTransport: user)
    }

    /// Lets the thread for user messages run short turns of users' actors. The thread for control messages never does.
    func lend(to pool: WorkerPool) { user.lend(to: pool) }

    package func reserve(_ address: NodeAddress) throws(TransportError) -> NodeAddress {
        try control.reserve(address)
    }

    package func listen(
        on address: NodeAddress,
        accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) {
        control.listen(on: address, accept: accept, completion: completion)
    }

    package func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) {
        let transport = handler.isForUsers ? user : control
        transport.connect(to: address, from: source, timeout: timeout, handler: handler)
    }

    package func shutdown(completion: @escaping @Sendable () -> Void) {
        // Both shut down at once. The second call to `user` is made when `control` is done, and completes when `user`
        // is done.
        user.shutdown {}
        control.shutdown { [user] in user.shutdown(completion: completion) }
    }

    package func freeze() {
        control.freeze()
        user.freeze()
    }

    package func thaw() {
        user.thaw()
        control.thaw()
    }

    package func kill() {
        control.kill()
        user.kill()
    }
}

package import CastyCore
import Synchronization

/// The live ``Transport`` of a node: one thread for the connections that carry control messages, another for those that carry
/// users' messages.
///
/// What decodes on the thread of users' messages, and how long that takes, is the users' code. No heartbeat waits for it.
package final class TwoLaneTransport: Transport, Suspendable {
    private let control: TCPTransport
    private let user: TCPTransport

    /// Starts both threads; ``shutdown(completion:)`` or ``kill()`` MUST be called.
    ///
    /// - Parameter gate: Which links are cut, shared by the nodes of one process; `nil` where links cannot be cut.
    package init(gate: LinkGate? = nil) {
        user = TCPTransport(gate: gate)
        control = TCPTransport(gate: gate, usersTransport: user)
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
        // Both at once; the second call comes when the first thread is done, and is answered when the second is.
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

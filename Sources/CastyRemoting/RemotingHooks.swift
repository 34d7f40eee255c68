import CastyActors
package import CastyCore

/// The connection events that the cluster subscribes to. Called on the thread that detects the event, never under a
/// lock.
package struct RemotingHooks: Sendable {
    /// An attempt to connect to an address failed: no node listens there, none answered, or the peer refused. Not
    /// called while the other lane is connected, nor for a refusal because both ends dialled at the same time.
    package var connectFailed: @Sendable (NodeAddress, TransportError) -> Void
    /// An incarnation answered at its address for the first time, on a connection that this node dialled. Any other
    /// incarnation there is gone. Not called for observers.
    package var peerIncarnation: @Sendable (UniqueAddress) -> Void
    /// A connection with an incarnation was lost, and with it the messages in flight: those of one lane, or of both.
    package var connectionLost: @Sendable (UniqueAddress) -> Void
    /// Messages queued for an address were given up. Each is in the ledger with its reason.
    package var gaveUp: @Sendable (NodeAddress) -> Void

    package init(
        connectFailed: @escaping @Sendable (NodeAddress, TransportError) -> Void = { _, _ in },
        peerIncarnation: @escaping @Sendable (UniqueAddress) -> Void = { _ in },
        connectionLost: @escaping @Sendable (UniqueAddress) -> Void = { _ in },
        gaveUp: @escaping @Sendable (NodeAddress) -> Void = { _ in }
    ) {
        self.connectFailed = connectFailed
        self.peerIncarnation = peerIncarnation
        self.connectionLost = connectionLost
        self.gaveUp = gaveUp
    }
}

import CastyActors
package import CastyCore

/// What the cluster wants to hear of connections. Called on the thread that brings the news, never under a lock.
package struct RemotingHooks: Sendable {
    /// An attempt to talk to a place failed: nobody listens there, no answer, or a refusal. A refusal because both
    /// ends dialled at the same time does not count.
    package var connectFailed: @Sendable (NodeAddress, TransportError) -> Void
    /// An incarnation has answered at its place for the first time, on a connection that this node dialled; not told of nodes that
    /// only look on. Any other incarnation there is gone.
    package var peerIncarnation: @Sendable (UniqueAddress) -> Void
    /// A connection with an incarnation was lost, and with it what was under way: that of one lane, or of both.
    package var connectionLost: @Sendable (UniqueAddress) -> Void
    /// Messages that waited for a connection with a place were given up; each is in the ledger with its reason.
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

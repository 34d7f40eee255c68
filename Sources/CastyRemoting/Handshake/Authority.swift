package import CastyCore

/// What a peer may do, by what its connection has proven and by what it states about itself.
package enum Authority {
    /// Why a peer is refused, whatever else it says; `nil` where its credentials allow what it states.
    ///
    /// - Parameters:
    ///   - authentication: What the connection has proven; `nil` for nothing.
    ///   - peer: The address that the peer states.
    ///   - observes: Whether the peer states that it is no node of the cluster.
    ///   - isDemanded: Whether this node accepts proven peers only.
    package static func problem(
        with authentication: PeerAuthentication?, of peer: UniqueAddress, observes: Bool, isDemanded: Bool
    ) -> (reason: RefusalReason, message: String)? {
        guard let authentication else {
            return isDemanded
                ? (
                    .notAuthenticated,
                    "this cluster demands a certificate or its secret, and the connection has none that is known here"
                )
                : nil
        }
        // An observer has no address of its own: it speaks for itself only.
        if observes { return nil }
        guard authentication.capability >= .member else {
            return (.notAllowed, "these credentials allow to \(authentication.capability), not to be a node")
        }
        guard authentication.covers(peer.address.host) else {
            let hosts = (authentication.hosts ?? []).joined(separator: ", ")
            return (.notAllowed, "the certificate is for \(hosts), not for \(peer.address.host)")
        }
        return nil
    }

    /// What a peer may do that is not refused. An observer does not become more by credentials that allow more.
    package static func granted(
        to authentication: PeerAuthentication?, observes: Bool
    ) -> PeerAuthentication.Capability {
        guard observes else { return .member }
        return min(authentication?.capability ?? .operate, .operate)
    }

    /// What a peer needs to send messages to the actor at a path.
    ///
    /// Nodes send what they like: their messages are checked by the actors that get them. All others see what nodes
    /// show of themselves, and send messages to entities through the nodes' own actor for that; they reach no other
    /// actor, and answer no ask.
    package static func needed(for path: [String]) -> PeerAuthentication.Capability {
        if path == ["system", "observation"] { return .observe }
        if path == ["client"] { return .operate }
        return .member
    }
}

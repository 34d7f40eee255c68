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
        if authentication == nil, isDemanded {
            return (
                .notAuthenticated,
                "this cluster demands a certificate or its secret, and the connection has none that is known here"
            )
        }
        if observes {
            // Not the name of a node, nor that of another client: a peer that is no node speaks for itself only.
            return ClientName.isName(of: peer)
                ? nil : (.notAllowed, "a program that is no node has a name made from its incarnation, at port 0")
        }
        guard peer.address.port != 0 else { return (.notAllowed, "a node listens at a port, and this one states 0") }
        guard let authentication else { return nil }
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

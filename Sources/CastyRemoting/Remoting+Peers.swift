import CastyActors
package import CastyCore
package import CastyObservability
import Logging
import Synchronization

extension Remoting {
    /// Keeps a control connection to an address open until ``release(_:)``, even when there is nothing to send.
    package func keep(_ address: NodeAddress) { association(with: address)?.keep(true) }

    /// Stops reconnecting the address when its connection is lost. Does not close the connection.
    package func release(_ address: NodeAddress) { known(address)?.keep(false) }

    /// An incarnation is gone permanently: its connections are closed and the messages queued for it are lost.
    ///
    /// From then on messages to its actors are lost at once, until another incarnation introduces itself or is
    /// expected. Messages to a path without a uid are still tried. Does nothing where another incarnation is known
    /// there.
    package func forget(_ incarnation: UniqueAddress) {
        noteGone(incarnation)
        known(incarnation.address)?.forget(incarnation, isRemoved: false)
    }

    /// An incarnation was removed from the cluster. It is forgotten, the watchers of its actors are notified of their
    /// end, and asks of its actors fail.
    package func nodeRemoved(_ incarnation: UniqueAddress) {
        noteGone(incarnation)
        association(with: incarnation.address)?.forget(incarnation, isRemoved: true)
    }

    /// Whether a welcomed connection with that address exists, for either lane.
    package func isConnected(_ address: NodeAddress) -> Bool {
        known(address)?.state.withLock { $0.isActive } ?? false
    }

    /// Whether that incarnation has answered at its address on a connection that this node dialled.
    package func isProven(_ incarnation: UniqueAddress) -> Bool {
        known(incarnation.address)?.state.withLock { $0.identity.isProven(incarnation) } ?? false
    }

    /// Dials an address to learn which incarnation answers there, where so far a peer has only claimed it.
    package func prove(_ address: NodeAddress) { known(address)?.prove() }

    /// Reports that an incarnation claimed an address where another one still answers: either a late hello of a former
    /// node, or a false claim. Reported once a minute at most for each address.
    func contradicted(_ claimed: UniqueAddress, by present: UniqueAddress) {
        let text = "\(claimed) introduced itself and was refused: \(present) answers at that address"
        let isNews = state.withLock { $0.warnings.note("claim", of: "\(present.address)", at: system.now) != nil }
        guard isNews else { return }
        system.log.warning("\(text)")
        system.inspector.emit(.note, reason: .notice(.claimedAddress), detail: .text(text))
    }

    /// The incarnation that lives at an address, as far as this node knows.
    package func incarnation(at address: NodeAddress) -> UniqueAddress? {
        known(address)?.state.withLock { $0.peer }
    }

    /// Snapshots of the associations with members and with the first others, in the order of their addresses.
    ///
    /// Who shows them asks several times a second, and each program that connects has an association.
    package var snapshots: [AssociationSnapshot] {
        var others = 0
        return ordered.filter { association in
            if association.state.withLock({ $0.isMember }) { return true }
            others += 1
            return others <= Self.mostShown
        }.map(\.snapshot)
    }

    /// How many associations with peers that are no members a snapshot has at most.
    private static let mostShown = 64

    /// Notifies an ask that a peer's frame names that no reply will come, and why.
    ///
    /// The frame may name any ask, so the notice goes back to the peer. A node that has forwarded the question of a
    /// third node passes the notice on to it. A question of this node's own that comes back to it is answered here. A
    /// peer that is no node forwards nothing, and has no asks but its own.
    func tell(
        _ asker: ActorAddress, _ code: AskError.Code, _ reason: String, by peer: Association,
        _ authority: PeerAuthentication.Capability
    ) {
        guard asker.path == FrameName.path, authority == .member || asker.node == peer.address else { return }
        if asker.node == system.address { return end(asker, code, reason) }
        peer.send(.unanswered(asker: asker, code, String(printable: reason)))
    }

    /// A node reports that an ask gets no reply: one of this node, or one of a node whose question this node forwarded.
    ///
    /// No connection is opened for it, so a peer cannot make this node dial a third node.
    func pass(on asker: ActorAddress, _ code: AskError.Code, _ reason: String) {
        guard asker.path == FrameName.path else { return }
        if asker.node == system.address { return end(asker, code, reason) }
        known(asker.node)?.send(.unanswered(asker: asker, code, String(printable: reason)))
    }

    /// Ends an ask of this node.
    private func end(_ asker: ActorAddress, _ code: AskError.Code, _ reason: String) {
        guard case .found(let target) = system.find(path: asker.path, uid: asker.uid) else { return }
        // The reason may contain a peer's text.
        target.post(.unanswered(code, String(printable: reason)))
    }

    func known(_ address: NodeAddress) -> Association? { state.withLock { $0.associations[address] } }
}

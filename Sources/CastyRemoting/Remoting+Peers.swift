import CastyActors
package import CastyCore
package import CastyObservability
import Logging
import Synchronization

extension Remoting {
    /// Keeps a connection to a place, also when there is nothing to send, until ``release(_:)``.
    package func keep(_ place: NodeAddress) { association(with: place)?.keep(true) }

    /// Lets a kept connection be lost; it is not closed.
    package func release(_ place: NodeAddress) { known(place)?.keep(false) }

    /// An incarnation is gone for good: its connection is closed and what waits for it is lost.
    ///
    /// From then on messages to actors there are lost at once, until another incarnation introduces itself or is
    /// expected. Messages to "whichever lives at that path" are still tried. Does nothing where another incarnation
    /// is known there.
    package func forget(_ incarnation: UniqueAddress) {
        noteGone(incarnation)
        known(incarnation.address)?.forget(incarnation, isRemoved: false)
    }

    /// An incarnation was removed from the cluster: besides being forgotten, whoever watches an actor there is told
    /// that it ended, and asks of its actors fail.
    package func nodeRemoved(_ incarnation: UniqueAddress) {
        noteGone(incarnation)
        association(with: incarnation.address)?.forget(incarnation, isRemoved: true)
    }

    /// Whether a connection with that place stands and was welcomed, for either lane.
    package func isConnected(_ place: NodeAddress) -> Bool {
        known(place)?.state.withLock { $0.isActive } ?? false
    }

    /// Whether that incarnation has answered at its address, on a connection that this node dialled.
    package func isProven(_ incarnation: UniqueAddress) -> Bool {
        known(incarnation.address)?.state.withLock { $0.peer == incarnation && $0.isProven } ?? false
    }

    /// Dials a place to learn who answers there, where so far a peer has only said that it lives there.
    package func prove(_ place: NodeAddress) { known(place)?.prove() }

    /// Tells of somebody that introduced itself as living where another still answers: a node's last words that came late, or a
    /// stranger. Told once a minute at most for each place.
    func contradicted(_ claimed: UniqueAddress, by present: UniqueAddress) {
        let text = "\(claimed) introduced itself and was refused: \(present) answers at that address"
        let isNews = state.withLock { $0.complaints.note("claim \(present.address)", at: system.now) != nil }
        guard isNews else { return }
        system.log.warning("\(text)")
        system.inspector.emit(.note, reason: "claimed address", text: text)
    }

    /// The incarnation that lives at a place, as far as is known.
    package func incarnation(at place: NodeAddress) -> UniqueAddress? {
        known(place)?.state.withLock { $0.peer }
    }

    /// What the associations look like now, in the order of their places.
    package var snapshots: [AssociationSnapshot] { ordered.map(\.snapshot) }

    /// Tells an ask that no reply will come, and why: here, on a node that is known, or else by way of the peer that passed the question on.
    ///
    /// No connection is made for it, so that a stranger's word for a third node leads to none.
    func tell(_ asker: ActorAddress, _ code: AskError.Code, _ reason: String, by peer: Association? = nil) {
        guard asker.path.first == "temp" else { return }
        // A peer's words may be in it, and a signal carries a kilobyte at most.
        let reason = String(printable: reason)
        if asker.node == system.address {
            guard case .found(let target) = system.find(path: asker.path, uid: asker.uid) else { return }
            target.post(.unanswered(code, reason))
        } else {
            (known(asker.node) ?? peer)?.send(.unanswered(asker: asker, code, reason))
        }
    }

    func known(_ place: NodeAddress) -> Association? { state.withLock { $0.associations[place] } }
}

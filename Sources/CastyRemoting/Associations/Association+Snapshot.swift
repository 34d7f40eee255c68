import CastyActors
import CastyInspection
import CastyPrimitives
import Synchronization

extension Association {
    var snapshot: AssociationSnapshot {
        state.withLock { state in
            AssociationSnapshot(
                peer: place, peerName: remoting.system.inspector.nameOf(place), state: state.phase.name,
                framesOut: state.figures.framesOut, framesIn: framesIn.load(ordering: .relaxed),
                bytesOut: state.figures.bytesOut, bytesIn: bytesIn.load(ordering: .relaxed),
                queuedBytes: state.user.bytes + state.control.bytes, reconnects: max(0, state.figures.connections - 1))
        }
    }
}

extension AssociationState.Phase {
    /// The word for people.
    var name: String {
        switch self {
        case .idle, .closed: "closed"
        case .starting: "connecting"
        case .dialling(let link): link.isOpen ? "handshaking" : "connecting"
        case .active: "active"
        case .waiting: "waiting"
        }
    }
}

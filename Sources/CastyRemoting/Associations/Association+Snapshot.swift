import CastyActors
import CastyCore
import CastyObservability
import Synchronization

extension Association {
    var snapshot: AssociationSnapshot {
        state.withLock { state in
            AssociationSnapshot(
                peer: place, peerName: remoting.system.inspector.nameOf(place), state: state.word,
                framesOut: state.framesOut, framesIn: framesIn.load(ordering: .relaxed),
                bytesOut: state.control.bytesOut + state.user.bytesOut, bytesIn: bytesIn.load(ordering: .relaxed),
                queuedBytes: state.user.queue.bytes + state.control.queue.bytes,
                reconnects: max(0, state.control.connections - 1) + max(0, state.user.connections - 1))
        }
    }
}

extension AssociationState {
    /// The word for people: that of the lane that is further.
    var word: String {
        switch control.phase {
        case .active, .dialling, .starting, .waiting: control.phase.name
        case .idle, .closed: user.phase.name
        }
    }
}

extension LaneState.Phase {
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

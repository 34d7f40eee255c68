import CastyActors
import CastyCore
import CastyObservability
import Synchronization

extension Association {
    var snapshot: AssociationSnapshot {
        state.withLock { state in
            AssociationSnapshot(
                peer: address, peerName: remoting.system.inspector.nameOf(address), state: state.condition,
                framesOut: state.framesOut, framesIn: framesIn.load(ordering: .relaxed),
                bytesOut: state.control.bytesOut + state.user.bytesOut, bytesIn: bytesIn.load(ordering: .relaxed),
                queuedBytes: state.user.queue.bytes + state.control.queue.bytes,
                reconnects: max(0, state.control.connections - 1) + max(0, state.user.connections - 1),
                protocolVersion: state.identity.known?.version.map(Int.init))
        }
    }
}

extension AssociationState {
    /// The state that a snapshot shows: that of the control lane, or of the user lane where control has no connection.
    var condition: AssociationCondition {
        switch control.phase {
        case .active, .dialling, .starting, .waiting: control.phase.condition
        case .idle, .closed: user.phase.condition
        }
    }
}

extension LaneState.Phase {
    /// The state that a snapshot shows for this phase.
    var condition: AssociationCondition {
        switch self {
        case .idle, .closed: .closed
        case .starting: .connecting
        case .dialling(let link): link.isOpen ? .handshaking : .connecting
        case .active: .active
        case .waiting: .waiting
        }
    }
}

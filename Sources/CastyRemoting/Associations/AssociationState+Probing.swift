import CastyCore
import CastySerialization

/// The connections in addition to the standing ones. The oldest come first.
struct ProbeConnections: Sendable {
    /// Dialled here.
    var dialled: [Link] = []
    /// Dialled by the peer.
    var accepted: [Link] = []

    var count: Int { dialled.count + accepted.count }
    var isEmpty: Bool { count == 0 }
}

/// Probe connections: in addition to the standing ones, each for one question and its answer.
extension AssociationState {
    /// Whether a probe connection to that incarnation may be dialled now.
    func mayOpenProbeConnection(_ incarnation: UniqueAddress) -> Bool {
        peer == incarnation && identity.known?.acceptsProbeConnections == true && identity.removed != incarnation
            && !isClosing
            && !cannotBeDialled && probeConnections.dialled.count < settings.probeConnectionLimit
    }

    /// Records a probe connection. Returns whether it may be dialled.
    mutating func beginProbeConnection(_ link: Link, to incarnation: UniqueAddress) -> Bool {
        guard mayOpenProbeConnection(incarnation) else { return false }
        probeConnections.dialled.append(link)
        return true
    }

    /// The peer has dialled one. Only the incarnation that has introduced itself on an ordinary connection may. Beyond the
    /// limit, a new one resets the oldest one.
    mutating func admitProbeConnection(_ link: Link, _ peer: Handshake.Peer) -> (Admission, [Effect]) {
        if isClosing { return (.refuse(.shuttingDown, ""), []) }
        guard peer.authority == .member, self.peer == peer.address, identity.removed != peer.address else {
            return (.refuse(.busy, ""), [])
        }
        probeConnections.accepted.append(link)
        guard probeConnections.accepted.count > max(settings.probeConnectionLimit, 1) else { return (.welcome, []) }
        return (.welcome, [.reset(probeConnections.accepted.removeFirst())])
    }

    /// One has been answered, so the others are not needed.
    mutating func endDialledProbeConnections() -> [Effect] {
        defer { probeConnections.dialled = [] }
        return probeConnections.dialled.map { .close($0) }
    }

    mutating func endProbeConnections() -> [Effect] {
        defer { probeConnections = ProbeConnections() }
        return (probeConnections.dialled + probeConnections.accepted).map { .reset($0) }
    }

    mutating func forgetProbeConnection(_ link: Link) {
        probeConnections.dialled.removeAll { $0 === link }
        probeConnections.accepted.removeAll { $0 === link }
    }
}

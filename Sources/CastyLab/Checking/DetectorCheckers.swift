import CastyInspection
import CastyPrimitives

/// F2: nobody suspects itself.
struct NoSelfSuspicion: InvariantChecker {
    func check(_ moment: LabMoment) -> [Violation] {
        moment.views.filter { view in
            view.membership.peers.contains { $0.node == view.node }
                || view.membership.reachability.contains { $0.observer == $0.subject }
        }.map { Violation(id: "F2", subject: $0.name, text: "a node suspects itself in its view") }
    }
}

/// F3: between two heartbeats phi never falls; it is a number, and not negative.
struct GrowingPhi: InvariantChecker {
    private struct Pair: Hashable {
        let viewer: UniqueAddress
        let peer: UniqueAddress
    }

    private var latest: [Pair: PeerSnapshot] = [:]

    mutating func check(_ moment: LabMoment) -> [Violation] {
        var found: [Violation] = []
        var present: [Pair: PeerSnapshot] = [:]
        for view in moment.views {
            for peer in view.membership.peers {
                let pair = Pair(viewer: view.node, peer: peer.node)
                present[pair] = peer
                if !peer.phi.isFinite || peer.phi < 0 {
                    found.append(
                        Violation(id: "F3", subject: view.name, text: "its phi for \(peer.name) is \(peer.phi)"))
                }
                guard let before = latest[pair], before.lastHeartbeat == peer.lastHeartbeat,
                    before.samples == peer.samples, before.mean == peer.mean, peer.phi < before.phi
                else { continue }
                found.append(
                    Violation(
                        id: "F3", subject: view.name,
                        text: "its phi for \(peer.name) fell from \(before.phi) to \(peer.phi) without a heartbeat"))
            }
        }
        latest = present
        return found
    }
}

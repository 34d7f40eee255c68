import CastyCore
import CastyObservability

/// The peers that a node no longer monitors: their curves stay for a minute.
struct DepartedPeers: Sendable {
    /// How long a curve stays.
    static let kept = Duration.seconds(60)

    struct Peer: Sendable {
        let observer: String
        /// The last figures.
        let figures: PeerSnapshot
        /// When it was no longer monitored.
        let since: Instant
    }

    private var peers: [Peer] = []

    /// Compares what is monitored before and after.
    mutating func take(before: ClusterSnapshot, after: ClusterSnapshot) {
        let now = after.time
        for (index, node) in after.nodes.enumerated() where node.state == .running {
            let same = before.nodes.indices.contains(index) && before.nodes[index].node == node.node
            guard let former = same ? before.nodes[index] : before.nodes.first(where: { $0.node == node.node }) else {
                continue
            }
            if former.membership.peers.elementsEqual(node.membership.peers, by: { $0.node == $1.node }) { continue }
            // A member that is now monitored by others is not gone.
            let members = Set(node.membership.members.map(\.node))
            for peer in former.membership.peers where !members.contains(peer.node) {
                peers.append(Peer(observer: node.name, figures: peer, since: now))
            }
        }
        peers.removeAll { peer in
            guard now - peer.since < Self.kept else { return true }
            // Monitored again: there is a new curve.
            return after.nodes.contains { node in
                node.name == peer.observer && node.membership.peers.contains { $0.name == peer.figures.name }
            }
        }
    }

    mutating func rewind(to time: Instant) { peers.removeAll { $0.since > time } }

    func of(_ observer: String) -> [Peer] { peers.filter { $0.observer == observer } }
}

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
        for node in after.nodes where node.state == .running {
            guard let former = before.nodes.first(where: { $0.node == node.node }) else { continue }
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

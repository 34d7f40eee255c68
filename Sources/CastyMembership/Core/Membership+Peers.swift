package import CastyCore

/// One peer that this node monitors, as it stands at one moment.
package struct MonitoredPeer: Hashable, Sendable {
    package let node: UniqueAddress
    package let phi: Double
    package let threshold: Double
    package let mean: Duration
    package let deviation: Duration
    package let pause: Duration
    package let lastHeartbeat: Instant
    /// When phi crosses the threshold if nothing comes.
    package let deadline: Instant
    package let samples: Int
    /// This node itself has told the others that it cannot reach the peer.
    package let isMarked: Bool
    /// Who reached it during the present silence.
    package let witness: UniqueAddress?
}

/// A member that somebody cannot reach, and since when this node has known.
struct Silence: Sendable {
    let node: UniqueAddress
    let since: Instant
    /// As of when it counts for the lease where this node does not monitor it.
    let proven: Instant?
}

extension Membership {
    /// Whether a state in many pages is taken from there: members send it, and whoever welcomes this node.
    ///
    /// Anyone else would only fill the memory with pages that never end. News of a member that is not known here yet comes
    /// from the others too.
    package func takesPages(from peer: UniqueAddress) -> Bool {
        switch phase {
        case .joining(let door): door == peer
        case .member: gossip.member(peer) != nil
        case .idle, .contacting, .stopped: false
        }
    }

    /// Since when this node has known that somebody cannot reach a member; `nil` while everyone can.
    package func unreachableSince(_ node: UniqueAddress) -> Instant? { silence(of: node)?.since }

    func silence(of node: UniqueAddress) -> Silence? { silences.first { $0.node == node } }

    mutating func syncSilences(at now: Instant) {
        let nodes = gossip.unreachable
        if silences.map(\.node) == nodes { return }
        silences = nodes.map { node in
            silence(of: node) ?? Silence(node: node, since: now, proven: proofBeforeMark(of: node, at: now))
        }
    }

    /// The unreachable members from which this node itself hears nothing, or which it does not monitor: where it hears one, what others say of
    /// their links says nothing of its own. Sorted.
    package var silent: [UniqueAddress] {
        gossip.unreachable.filter { node in
            !monitors.contains { $0.peer == node && $0.stage != .marked }
        }
    }

    /// The peers that this node monitors, by address.
    package func monitoredPeers(at now: Instant) -> [MonitoredPeer] {
        monitors.map { monitor in
            let detector = monitor.detector
            return MonitoredPeer(
                node: monitor.peer, phi: detector.phi(at: now), threshold: detector.parameters.threshold,
                mean: detector.mean, deviation: detector.flooredDeviation, pause: detector.parameters.pause,
                lastHeartbeat: detector.lastArrival, deadline: detector.deadline,
                samples: detector.sampleCount, isMarked: monitor.stage == .marked, witness: monitor.witness)
        }
    }
}

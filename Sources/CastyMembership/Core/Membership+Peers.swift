package import CastyCore

/// The state of one monitored peer at one moment.
package struct MonitoredPeer: Hashable, Sendable {
    package let node: UniqueAddress
    package let phi: Double
    package let threshold: Double
    package let mean: Duration
    package let deviation: Duration
    package let pause: Duration
    package let lastHeartbeat: Instant
    /// When phi crosses the threshold if no heartbeat arrives.
    package let deadline: Instant
    package let samples: Int
    /// Whether this node itself has marked the peer as unreachable.
    package let isMarked: Bool
    /// The member that reached it during the present silence.
    package let witness: UniqueAddress?
}

extension Membership {
    /// Whether this node accepts a state in pages from that node: members send it, and so does the node that welcomes
    /// this one.
    ///
    /// Any other sender could only fill the memory with pages that never end. News of a member that is not yet known
    /// here comes from the others too.
    package func takesPages(from peer: UniqueAddress) -> Bool {
        switch phase {
        case .joining(let door): door == peer
        case .member: gossip.hasMember(peer)
        case .idle, .contacting, .stopped: false
        }
    }

    /// Since when this node has known that at least one member cannot reach `node`; `nil` while all can.
    package func unreachableSince(_ node: UniqueAddress) -> Instant? { detection.silence(of: node)?.since }

    mutating func syncSilences(at now: Instant) {
        let nodes = gossip.unreachable
        if detection.silences.map(\.node) == nodes { return }
        let known = detection.silences
        let proofs = nodes.map { node in
            known.contains { $0.node == node } ? nil : proofBeforeMark(of: node, at: now)
        }
        detection.sync(silent: nodes, proofs, at: now)
    }

    /// The unreachable members from which this node itself hears nothing, or which it does not monitor, sorted. For a
    /// member that it hears, the rows of others say nothing about its own link.
    package var silent: [UniqueAddress] {
        gossip.unreachable.filter { node in
            !detection.monitors.contains { $0.peer == node && $0.stage != .marked }
        }
    }

    /// The peers that this node monitors, by address.
    package func monitoredPeers(at now: Instant) -> [MonitoredPeer] {
        detection.monitors.map { monitor in
            let detector = monitor.detector
            return MonitoredPeer(
                node: monitor.peer, phi: detector.phi(at: now), threshold: detector.parameters.threshold,
                mean: detector.mean, deviation: detector.flooredDeviation, pause: detector.parameters.pause,
                lastHeartbeat: detector.lastArrival, deadline: detector.deadline,
                samples: detector.sampleCount, isMarked: monitor.stage == .marked, witness: monitor.witness)
        }
    }
}

import CastyCore

/// Probe connections: heartbeats on connections of their own.
///
/// A lost packet delays all that follows it on the same connection: after a few losses in a row a live peer appears
/// silent for seconds. When about half of the time to its suspicion has passed in silence, this node probes the peer: it
/// dials a connection for one heartbeat and closes it with the answer. Data stuck on another connection does not delay
/// a probe connection, so a peer that answers one is alive and can be reached.
///
/// An answered probe counts as an answered heartbeat, except that the detector learns no interval from it. A peer that
/// is cut off, hangs or is dead answers neither.
extension Membership {
    mutating func probeConnection(_ index: Int, at now: Instant) {
        let peer = detection.monitors[index].peer
        guard !settings.mutations.contains(.neverOpensProbeConnections), let status = gossip.status(of: peer),
            status != .down,
            gossip.row(by: myself, of: peer)?.verdict != .terminated
        else { return }
        detection.monitors[index].sent &+= 1
        detection.monitors[index].noteProbeConnection(at: now, settings)
        effects.append(
            .probeConnection(.probeConnection(sequence: detection.monitors[index].sent, sentAt: now), to: peer))
    }

    mutating func answerProbeConnection(
        from peer: UniqueAddress, sequence: UInt64, sentAt: Instant, at now: Instant
    ) {
        let answer = heartbeatAnswer(to: peer, sequence: sequence, sentAt: sentAt, at: now)
        effects.append(.answer(answer, to: peer))
    }

    /// Replaces a connection on which nothing has been answered for very long although probe connections are answered.
    mutating func giveUpStream(_ index: Int, at now: Instant) {
        guard let since = detection.monitors[index].probeConnectionsOnlySince, now - since >= settings.unstableLimit
        else {
            return
        }
        detection.monitors[index].probeConnectionsOnlySince = now
        let peer = detection.monitors[index].peer
        effects.append(.note(.answersProbesOnly(peer)))
        effects.append(.reconnect(peer))
    }
}

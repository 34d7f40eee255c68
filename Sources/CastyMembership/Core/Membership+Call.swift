import CastyCore

/// Calls: heartbeats on connections of their own.
///
/// What a network loses holds up all that follows it on the same connection: a few losses in a row, and a living peer
/// says nothing for seconds. When about half of the time to its suspicion has gone in silence, the peer is called: a
/// connection is dialled for one heartbeat and closed with its answer. Nothing that is stuck on another connection
/// holds that up, so whoever answers a call lives, and can be reached.
///
/// An answered call counts as an answered heartbeat, except that nothing is learnt of the rhythm. Whoever is cut off,
/// hangs or is dead answers neither.
extension Membership {
    mutating func call(_ index: Int, at now: Instant) {
        let peer = monitors[index].peer
        guard !settings.mutations.contains(.neverCalls), let status = gossip.member(peer)?.status, status != .down,
            gossip.row(by: myself, of: peer)?.verdict != .terminated
        else { return }
        monitors[index].sent &+= 1
        monitors[index].noteCall(at: now, settings)
        effects.append(.call(.call(sequence: monitors[index].sent, sentAt: now), to: peer))
    }

    mutating func answerCall(from peer: UniqueAddress, sequence: UInt64, sentAt: Instant) {
        effects.append(.answer(heartbeatAnswer(to: peer, sequence: sequence, sentAt: sentAt), to: peer))
    }

    /// A connection on which nothing has been answered for very long, though calls are, is of no use to anyone.
    mutating func giveUpStream(_ index: Int, at now: Instant) {
        guard let since = monitors[index].callsOnlySince, now - since >= settings.unstableLimit else { return }
        monitors[index].callsOnlySince = now
        let peer = monitors[index].peer
        effects.append(.note("\(peer) answers calls only: its connection is dialled anew"))
        effects.append(.redial(peer))
    }
}

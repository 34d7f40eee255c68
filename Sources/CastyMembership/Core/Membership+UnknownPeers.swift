import CastyCore

/// An unknown peer: it treats this node as a member of its own cluster, and is not a member here.
struct UnknownPeer: Sendable {
    let node: UniqueAddress
    /// When its first and its last message came, and how many there were.
    let since: Instant
    var latest: Instant
    var times = 1
}

/// A member that has answered heartbeats with "unknown" although it has known this node.
struct Forgetter: Sendable {
    let node: UniqueAddress
    /// When it first answered so, and how many times in all.
    let since: Instant
    var times = 1
}

/// Who knows whom: which peers this node does not know, and which members do not know this node.
struct Familiarity: Sendable {
    /// Unknown peers: they treat this node as a member of their cluster, and are not members here.
    var unknownPeers: [UnknownPeer] = []
    /// The members that have notified this node that their cluster does not know it, sorted.
    var unknownTo: [UniqueAddress] = []
    /// The members that have known this node as a member, sorted.
    var acquaintances: [UniqueAddress] = []
    /// Those of them that answer as if they did not know it.
    var forgetters: [Forgetter] = []

    /// Voids the notice of a peer: the peer now knows this node.
    mutating func forgive(_ peer: UniqueAddress) {
        unknownTo.removeAll { $0 == peer }
        forgetters.removeAll { $0.node == peer }
    }

    /// The members have changed.
    mutating func sync(with gossip: Gossip) {
        if !unknownPeers.isEmpty {
            unknownPeers.removeAll { gossip.hasMember($0.node) || gossip.isTombstoned($0.node) }
        }
        acquaintances.removeAll { !gossip.hasMember($0) }
        forgetters.removeAll { !gossip.hasMember($0.node) }
    }

    /// An acquaintance answers as if it did not know this node. Returns the record of it, once there was one before.
    mutating func noteForgotten(by peer: UniqueAddress, at now: Instant) -> Forgetter? {
        guard let index = forgetters.firstIndex(where: { $0.node == peer }) else {
            forgetters.append(Forgetter(node: peer, since: now))
            return nil
        }
        forgetters[index].times += 1
        return forgetters[index]
    }
}

/// How a node finds out that the cluster that let it in does not know it.
///
/// A member that lets a joiner in may be cut off, and die before it can notify the others. The others remove it, and
/// know nothing of the joiner. The joiner has their addresses and sees them answer its heartbeats, but no member is
/// left to introduce it, so it would stay a joiner forever. So the others notify it that it is unknown to them, and it
/// stops like a removed member, to be started again from outside.
///
/// The notice must not separate members of one cluster:
/// - A node that is merely late with its news must not send it. A voting member sends it only if all have seen its
///   version, that version has been unchanged for the stability period with no member unreachable, and it has heard
///   from the unknown peer repeatedly for as long. A member lets in a joiner before the joiner sends messages to
///   others, so in that time its news must have arrived, or its silence would show.
/// - A minority must not make the majority stop. A joiner hosts nothing and has no vote, so all it risks is another
///   start: it stops when more than half of the voting members that it reaches say so. Any other member stops only when
///   more than half of all voting members do, itself counted among those that do not.
/// - A notice is void as soon as its sender gossips with this node or acknowledges a heartbeat: the sender now knows
///   this node.
///
/// A node that hung for longer than tombstones last finds out by itself: its heartbeats are answered with "unknown",
/// which renews no lease. It stops when more than half of all voting members have answered so repeatedly for the
/// stability period. Such an answer counts only from a member that has known this node: others may be late with their
/// own news, above all those that became up in the same step as this node.
extension Membership {
    private static let unknownPeersKept = 32
    private static let repetitions = 3

    /// Records which peers treat this node as a member of their cluster: heartbeats and gossip go to members only.
    mutating func noteFamiliarity(_ message: ClusterMessage, from peer: UniqueAddress, at now: Instant) {
        guard phase == .member else { return }
        switch message {
        case .heartbeat, .probeConnection: noteUnknownPeer(peer, at: now)
        case .gossipStatus, .gossipSeen, .gossipEnvelope, .gossipSpread, .gossipAck:
            familiarity.forgive(peer)
            noteUnknownPeer(peer, at: now)
        case .heartbeatAck(_, _, let voters):
            familiarity.forgive(peer)
            // A node that has not been welcomed yet acknowledges all heartbeats, and knows no member.
            if voters != 0, gossip.hasMember(peer) { familiarity.acquaintances.insertSorted(peer) }
        case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .welcome, .joinRefused, .unknown,
            .exitingConfirmed, .lastAcknowledged,
            .probeRequest, .probe, .probeAck, .probeAnswer, .gone, .unknownPeer, .clusterProbe, .clusterAnswer,
            .otherCluster:
            break
        }
    }

    private mutating func noteUnknownPeer(_ peer: UniqueAddress, at now: Instant) {
        if gossip.hasMember(peer) { return }
        guard let index = familiarity.unknownPeers.firstIndex(where: { $0.node == peer }) else {
            if familiarity.unknownPeers.count == Self.unknownPeersKept,
                let quiet = familiarity.unknownPeers.indices.min(by: isQuieter)
            {
                familiarity.unknownPeers.remove(at: quiet)
            }
            familiarity.unknownPeers.append(UnknownPeer(node: peer, since: now, latest: now))
            return
        }
        familiarity.unknownPeers[index].latest = now
        familiarity.unknownPeers[index].times += 1
        guard familiarity.unknownPeers[index].times >= Self.repetitions,
            isSettled(since: familiarity.unknownPeers[index].since, at: now)
        else {
            return
        }
        effects.append(.send(.unknownPeer, to: peer))
    }

    private func isQuieter(_ first: Int, _ second: Int) -> Bool {
        familiarity.unknownPeers[first].latest < familiarity.unknownPeers[second].latest
    }

    /// Whether the cluster has agreed, and has been unchanged, for the stability period; `false` on a node that is late
    /// itself.
    private func isSettled(since heard: Instant, at now: Instant) -> Bool {
        guard !settings.mutations.contains(.toleratesUnknownPeers), gossip.status(of: myself)?.isVoting == true,
            isAgreed, let nextBeat = timers[.heartbeat], now <= nextBeat + settings.lateTolerance
        else { return false }
        let period = settings.stableAfter(members: gossip.members.count)
        return now - max(heard, present.since) >= period && health.lastLate.map { now - $0 >= period } ?? true
    }

    /// Updates which peers are unknown, and which members know this node.
    mutating func syncUnknownPeers(over old: Gossip) {
        familiarity.sync(with: gossip)
        guard gossip.member(myself)?.upNumber != nil, let former = old.member(myself), former.upNumber == nil else {
            return
        }
        // This node became up on a version that all earlier voters had seen.
        for member in old.members where member.status.isVoting && gossip.status(of: member.node)?.isVoting == true {
            familiarity.acquaintances.insertSorted(member.node)
        }
    }

    /// A member has answered a heartbeat, and does not know this node.
    ///
    /// Such an answer may only mean late news: always where this node is a joiner; and where this node is up, if the
    /// other one became up in the same step or later. But a member that has known this node, and no longer does, has
    /// removed it and has forgotten that since.
    mutating func unknownTo(_ peer: UniqueAddress, at now: Instant) {
        guard phase == .member, gossip.member(myself)?.upNumber != nil else { return }
        if settings.mutations.contains(.heedsLateNews) { return markUnknown(to: peer) }
        guard familiarity.acquaintances.sortedContains(peer) else { return }
        guard let forgetter = familiarity.noteForgotten(by: peer, at: now) else { return }
        let isLasting =
            forgetter.times >= Self.repetitions
            && now - forgetter.since >= settings.stableAfter(members: gossip.members.count)
        if isLasting { markUnknown(to: peer) }
    }

    /// A member notifies this node that its cluster does not know it.
    mutating func markUnknown(to peer: UniqueAddress) {
        guard phase == .member, let status = gossip.status(of: myself) else { return }
        familiarity.unknownTo.insertSorted(peer)
        let isJoiner = status < .up
        let voters = gossip.members.filter { member in
            member.status.isVoting && (!isJoiner || gossip.row(by: myself, of: member.node) == nil)
        }
        let count = voters.count { familiarity.unknownTo.sortedContains($0.node) }
        guard count * 2 > voters.count else { return }
        effects.append(.note(.isUnknown(to: count, of: voters.count)))
        pendingStop = pendingStop ?? .removed
    }
}

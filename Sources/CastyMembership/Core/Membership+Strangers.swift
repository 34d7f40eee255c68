import CastyCore

/// Someone that takes this node for a member of its own cluster, and is not known here.
struct Stranger: Sendable {
    let node: UniqueAddress
    /// When it spoke first, and last, and how often.
    let since: Instant
    var latest: Instant
    var times = 1
}

/// A member that has answered heartbeats with "unknown" although it has known this node.
struct Forgetter: Sendable {
    let node: UniqueAddress
    /// When it answered so first, and how often since.
    let since: Instant
    var times = 1
}

/// How a node finds out that the cluster it was let into is none.
///
/// Whoever lets a joiner in may be cut off, and dead before it can tell the others: they remove it, and know nothing of the joiner, which has
/// their addresses and so hears them answer its heartbeats, but has nobody left to introduce it. It would stay a joiner for ever. So the
/// others tell it that it is a stranger, and it stops like a removed one; whoever started it starts it again.
///
/// The notice must not part those who belong together:
/// - A node whose news is only late must not give it. Only a voting member does, whose version all have seen and has stood still for the
///   stability period, nobody being unreachable, and who has heard the stranger again and again for as long. Whoever lets in a joiner does so
///   before the joiner speaks to others, so in that time its news must have come, or its silence would show.
/// - The few must not send the many away. A joiner hosts nothing and has no vote, so that all it risks is another start; it stops when more
///   than half of the voting members that it reaches say so. Any other member stops only when more than half of all voting members do, itself
///   counted among those that do not.
/// - A word is void as soon as the member that gave it gossips with this node, or acknowledges a heartbeat: now it knows it.
///
/// A node that hung for longer than tombstones live finds out by itself: its heartbeats are answered with "unknown", which renews no lease. It stops
/// when more than half of all voting members have answered so again and again for the stability period. Such an answer counts only from a member
/// that has known this node: others may be late with their own news, above all those that became up in the same step as this node.
extension Membership {
    private static let strangersKept = 32
    private static let repetitions = 3

    /// Notes who takes this node for a member of its cluster: heartbeats and gossip go to members only.
    mutating func noteFamiliarity(_ message: ClusterMessage, from peer: UniqueAddress, at now: Instant) {
        guard phase == .member else { return }
        switch message {
        case .heartbeat, .call: noteStranger(peer, at: now)
        case .gossipStatus, .gossipSeen, .gossipEnvelope, .gossipSpread, .gossipAck:
            forgive(peer)
            noteStranger(peer, at: now)
        case .heartbeatAck(_, _, let voters):
            forgive(peer)
            // A node that has not been welcomed yet acknowledges all heartbeats, and knows nobody.
            if voters != 0, gossip.member(peer) != nil { acquaintances.insertSorted(peer) }
        case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .welcome, .joinRefused, .unknown,
            .exitingConfirmed,
            .probeRequest, .probe, .probeAck, .probeAnswer, .gone, .stranger, .clusterProbe, .clusterAnswer,
            .otherCluster:
            break
        }
    }

    private mutating func noteStranger(_ peer: UniqueAddress, at now: Instant) {
        if gossip.member(peer) != nil { return }
        guard let index = strangers.firstIndex(where: { $0.node == peer }) else {
            if strangers.count == Self.strangersKept, let quiet = strangers.indices.min(by: isQuieter) {
                strangers.remove(at: quiet)
            }
            strangers.append(Stranger(node: peer, since: now, latest: now))
            return
        }
        strangers[index].latest = now
        strangers[index].times += 1
        guard strangers[index].times >= Self.repetitions, isSettled(since: strangers[index].since, at: now) else {
            return
        }
        effects.append(.send(.stranger, to: peer))
    }

    private func isQuieter(_ first: Int, _ second: Int) -> Bool { strangers[first].latest < strangers[second].latest }

    /// Whether the cluster has agreed, and has been as it is, for the stability period; a node that is late itself cannot tell.
    private func isSettled(since heard: Instant, at now: Instant) -> Bool {
        guard !settings.mutations.contains(.toleratesStrangers), gossip.member(myself)?.status.isVoting == true,
            isAgreed, let nextBeat = timers[.heartbeat], now <= nextBeat + settings.lateTolerance
        else { return false }
        let period = settings.stableAfter(members: gossip.members.count)
        return now - max(heard, versionSince) >= period && lastLate.map { now - $0 >= period } ?? true
    }

    /// The word of a peer that this node is none of its cluster is void: it knows it.
    private mutating func forgive(_ peer: UniqueAddress) {
        strangerTo.removeAll { $0 == peer }
        forgetters.removeAll { $0.node == peer }
    }

    /// Brings up to date who is a stranger, and who knows this node.
    mutating func syncStrangers(over old: Gossip) {
        if !strangers.isEmpty { strangers.removeAll { gossip.member($0.node) != nil || gossip.isTombstoned($0.node) } }
        acquaintances.removeAll { gossip.member($0) == nil }
        forgetters.removeAll { gossip.member($0.node) == nil }
        guard gossip.member(myself)?.upNumber != nil, let former = old.member(myself), former.upNumber == nil else {
            return
        }
        // It became up on a version that all who voted before had seen.
        for member in old.members where member.status.isVoting && gossip.member(member.node)?.status.isVoting == true {
            acquaintances.insertSorted(member.node)
        }
    }

    /// A member has answered a heartbeat, and does not know this node.
    ///
    /// That may only be late news: of a joiner always, of a member that is up where the other one became up in the same step or later. But one
    /// that has known this node, and knows it no more, has removed it and has forgotten that since.
    mutating func unknownTo(_ peer: UniqueAddress, at now: Instant) {
        guard phase == .member, gossip.member(myself)?.upNumber != nil else { return }
        if settings.mutations.contains(.heedsLateNews) { return toldStranger(by: peer) }
        guard acquaintances.sortedContains(peer) else { return }
        guard let index = forgetters.firstIndex(where: { $0.node == peer }) else {
            return forgetters.append(Forgetter(node: peer, since: now))
        }
        forgetters[index].times += 1
        let isLasting =
            forgetters[index].times >= Self.repetitions
            && now - forgetters[index].since >= settings.stableAfter(members: gossip.members.count)
        if isLasting { toldStranger(by: peer) }
    }

    /// A member says that its cluster does not know this node.
    mutating func toldStranger(by peer: UniqueAddress) {
        guard phase == .member, let status = gossip.member(myself)?.status else { return }
        strangerTo.insertSorted(peer)
        let isJoiner = status < .up
        let voters = gossip.members.filter { member in
            member.status.isVoting && (!isJoiner || gossip.row(by: myself, of: member.node) == nil)
        }
        let told = voters.count { strangerTo.sortedContains($0.node) }
        guard told * 2 > voters.count else { return }
        effects.append(.note("\(told) of \(voters.count) voting members do not know this node"))
        pendingStop = pendingStop ?? .removed
    }
}

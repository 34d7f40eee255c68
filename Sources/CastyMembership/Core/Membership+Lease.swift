import CastyCore

/// The right of this node to run entities.
struct EntityLease: Sendable {
    /// Until when this node may run entities if no further acknowledgement arrives.
    var validUntil = Instant.start
    var quorum: LeaseQuorum?
    /// Hashes of the members that voted and could be reached in the last versions at this node, the latest last.
    private(set) var voters: [UInt64] = []

    private static let votersKept = 8

    mutating func noteVoters(_ hash: UInt64) {
        if voters.last == hash { return }
        if voters.count == Self.votersKept { voters.removeFirst() }
        voters.append(hash)
    }
}

/// Which peer's silence ends the lease, computed once for each order in which the peers were heard from.
struct LeaseQuorum: Sendable {
    /// The members that it was computed for; reachability does not matter.
    let members: [Member]
    /// The peers as indices of the members, the one not heard from for the longest time first.
    let order: [Int]
    /// The position in this order, from 1, of the first peer whose silence is one too many.
    let rank: Int
}

extension Membership {
    /// Computes until when this node may run entities.
    ///
    /// It may as long as the downing strategy would keep it if every peer not heard from within the lease were
    /// unreachable. A peer counts as heard from at the time when the last heartbeat it acknowledged was *sent*. When
    /// the peer acknowledged, at that time or later, it knew this node as a member that is not down; so the others
    /// cannot have removed this node before. A strategy never keeps a node with fewer peers heard from that it would
    /// not have kept with more, so the moment is found by bisection.
    ///
    /// Only acknowledgements count as proof. A peer that is newly monitored counts for what it had proven before, and a
    /// new member counts for nothing. In a big cluster, where not every member is monitored, the rest counts as heard
    /// from as of when half of the monitored peers have acknowledged *and* saw the same members vote and be reachable
    /// as this node does: then nothing has happened there that this node does not know. Marks of other nodes take
    /// credit away, and never give any, because they may be old.
    ///
    /// Where a lease outside the cluster decides (lease-majority), every member with a vote that falls silent may be
    /// the one that gets it, however few members are with it. A node can rule that out only while it hears from all of
    /// them, so a single silent one ends the lease, until a decision has been taken. Both the lease and the removal
    /// margin are then longer by the delay of the smaller side: enough for the larger side to decide before its
    /// entities stop.
    mutating func refreshLease() {
        guard phase == .member, pendingStop == nil, let status = gossip.status(of: myself),
            status == .up || status == .leaving || status == .exiting
        else {
            lease.validUntil = .start
            return
        }
        var expiries = peerExpiries
        if expiries.isEmpty {
            lease.validUntil = .distantFuture
            return
        }
        // The members are sorted, so their indices have the order of their addresses.
        expiries.sort { $0.at != $1.at ? $0.at < $1.at : $0.index < $1.index }
        if let known = lease.quorum, known.members == gossip.members,
            known.order.elementsEqual(expiries.lazy.map(\.index))
        {
            lease.validUntil = known.rank > expiries.count ? .distantFuture : expiries[known.rank - 1].at
            return
        }
        let order = expiries.map(\.index)
        var (low, high) = (1, expiries.count + 1)
        while low < high {
            let count = (low + high) / 2
            let silent = order.prefix(count).map { gossip.members[$0].node }
            if isKept(without: silent) { low = count + 1 } else { high = count }
        }
        lease.quorum = LeaseQuorum(members: gossip.members, order: order, rank: low)
        lease.validUntil = low > expiries.count ? .distantFuture : expiries[low - 1].at
    }

    /// When the credit of each peer that counts expires, in the order of the members.
    private var peerExpiries: [(at: Instant, index: Int)] {
        var expiries: [(at: Instant, index: Int)] = []
        expiries.reserveCapacity(gossip.members.count)
        var shared: Instant??
        // Members and monitors are both sorted, so each peer's monitor is the next one or does not exist.
        var monitor = 0
        for index in gossip.members.indices {
            switch gossip.members[index].status {
            case .down, .exiting: continue
            case .joining, .weaklyUp, .up, .leaving: break
            }
            guard gossip.members[index].node != myself else { continue }
            while monitor < detection.monitors.count, detection.monitors[monitor].peer < gossip.members[index].node {
                monitor += 1
            }
            let proven: Instant?
            if monitor < detection.monitors.count, detection.monitors[monitor].peer == gossip.members[index].node {
                proven = detection.monitors[monitor].provenAt
            } else if let silence = detection.silence(of: gossip.members[index].node) {
                proven = silence.proven
            } else {
                let common = shared ?? detection.sharedProof
                shared = common
                proven = common
            }
            expiries.append((proven.map { $0 + settings.entityLease } ?? .start, index))
        }
        return expiries
    }

    /// The time as of which a peer that this node does not monitor counts as heard from.
    func unmonitoredProof(of peer: UniqueAddress) -> Instant? {
        detection.silence(of: peer).map(\.proven) ?? detection.sharedProof
    }

    /// The proof of a peer that others have just marked: what it was before, and no later than they can have heard from
    /// it.
    func proofBeforeMark(of peer: UniqueAddress, at now: Instant) -> Instant? {
        let heardByOthers = now - settings.pause - settings.heartbeat * 2
        if settings.mutations.contains(.creditsMarks) { return heardByOthers }
        let proven = monitorIndex(peer).map { detection.monitors[$0].provenAt } ?? detection.sharedProof
        return proven.map { min($0, heardByOthers) }
    }

    /// Records which members vote and can be reached in the present version.
    mutating func noteVoters() {
        let unreachable = gossip.unreachable
        var hash = StableHash()
        for member in gossip.members where member.status.isVoting && !unreachable.sortedContains(member.node) {
            hash.combine(member.node)
        }
        lease.noteVoters(hash.value)
    }

    private func isKept(without silent: [UniqueAddress]) -> Bool {
        let decision = decisionIfCut(from: silent)
        switch decision.kind {
        case .keepAll: return true
        case .downUnreachable, .downIndirectlyConnected: return !decision.down.contains(myself)
        case .downReachable, .downAll, .claimLease: return false
        }
    }
}

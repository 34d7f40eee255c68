import CastyPrimitives

/// Whose silence ends the lease, found once for each order in which the peers were heard from.
struct LeaseQuorum: Sendable {
    /// The members it was found for; who cannot reach whom does not matter.
    let members: [Member]
    /// The peers, the one heard from the longest ago first.
    let order: [UniqueAddress]
    /// The place in this order, from 1, of the first whose silence is one too many.
    let place: Int
}

extension Membership {
    /// Computes until when this node may run entities.
    ///
    /// It may as long as the downing strategy, applied as if every peer not heard from within the lease were
    /// unreachable, would keep it. A peer counts as heard from at the time when the last heartbeat it answered was
    /// *sent*: when it answered, at that time or later, it did not know this node as down; so the others cannot have
    /// removed it before. Fewer peers heard from never make a strategy keep a node that it would not have kept, so the
    /// moment is found by bisection.
    ///
    /// Where a lease outside the cluster decides (lease-majority), every member with a vote that falls silent may be the
    /// one that gets it, however few there are with it. A node can rule that out only while it hears from all of them, so
    /// a single silent one ends the lease, until a decision has been taken. The lease and the removal margin are both
    /// longer then by the delay of the smaller side: enough for the greater one to decide before its entities stop.
    mutating func refreshLease() {
        guard phase == .member, pendingStop == nil, let status = gossip.member(myself)?.status,
            status == .up || status == .leaving || status == .exiting
        else {
            leaseValidUntil = .start
            return
        }
        let peers = gossip.members.filter { $0.node != myself && $0.status != .down && $0.status != .exiting }
        if peers.isEmpty {
            leaseValidUntil = .distantFuture
            return
        }
        // In a big cluster not everyone is monitored. The rest counts as heard from when half of those who are have
        // been.
        let known = monitors.map(\.aliveAsOf).sorted()
        let middle = known.isEmpty ? Instant.start : known[(known.count - 1) / 2]
        var expiries: [(at: Instant, node: UniqueAddress)] = []
        for peer in peers {
            let aliveAsOf = monitorIndex(peer.node).map { monitors[$0].aliveAsOf } ?? heardByOthers(peer.node) ?? middle
            expiries.append((aliveAsOf + settings.entityLease, peer.node))
        }
        expiries.sort { $0.at != $1.at ? $0.at < $1.at : $0.node < $1.node }
        let order = expiries.map(\.node)
        if let known = leaseQuorum, known.order == order, known.members == gossip.members {
            leaseValidUntil = known.place > expiries.count ? .distantFuture : expiries[known.place - 1].at
            return
        }
        var (low, high) = (1, expiries.count + 1)
        while low < high {
            let count = (low + high) / 2
            if isKept(without: expiries.prefix(count).map(\.node)) { low = count + 1 } else { high = count }
        }
        leaseQuorum = LeaseQuorum(members: gossip.members, order: order, place: low)
        leaseValidUntil = low > expiries.count ? .distantFuture : expiries[low - 1].at
    }

    /// When those that monitor a peer heard from it at last, at the least, where they cannot reach it any more.
    private func heardByOthers(_ peer: UniqueAddress) -> Instant? {
        unreachableSince(peer).map { $0 - settings.pause - settings.heartbeat * 2 }
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

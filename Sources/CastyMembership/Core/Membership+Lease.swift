import CastyPrimitives

extension Membership {
    /// Computes until when this node may run entities.
    ///
    /// It may as long as the downing strategy, applied as if every peer not heard from within the lease were
    /// unreachable, would keep it. A peer counts as heard from at the time when the last heartbeat it answered was
    /// *sent*: when it answered, at that time or later, it did not know this node as down; so the others cannot have
    /// removed it before. Fewer peers heard from never make a strategy keep a node that it would not have kept, so the
    /// moment is found by bisection.
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
            let aliveAsOf = monitorIndex(peer.node).map { monitors[$0].aliveAsOf } ?? middle
            expiries.append((aliveAsOf + settings.lease, peer.node))
        }
        expiries.sort { $0.at != $1.at ? $0.at < $1.at : $0.node < $1.node }
        var (low, high) = (1, expiries.count + 1)
        while low < high {
            let count = (low + high) / 2
            if isKept(without: expiries.prefix(count).map(\.node)) { low = count + 1 } else { high = count }
        }
        leaseValidUntil = low > expiries.count ? .distantFuture : expiries[low - 1].at
    }

    private func isKept(without silent: [UniqueAddress]) -> Bool {
        let decision = decisionIfCut(from: silent)
        switch decision.kind {
        case .keepAll: return true
        case .downUnreachable, .downIndirectlyConnected: return !decision.down.contains(myself)
        case .downReachable, .downAll: return false
        }
    }
}

import CastyActors
import CastyCore
import CastyMembership
import CastyObservability
import Synchronization

extension Cluster {
    /// Registers the provider of the membership snapshot; nothing is computed until a snapshot is requested.
    func provideSnapshot() {
        let nameOf = system.inspector.nameOf
        system.inspector.provide { [weak self] now in
            guard let self else { return MembershipSnapshot() }
            let core = core
            let earlier = latestShown.withLock { $0 }.flatMap { $0.gossip == core.gossip ? $0.snapshot : nil }
            var snapshot = MembershipSnapshot(core, at: now, sameGossip: earlier) { nameOf($0.address) }
            latestShown.withLock { $0 = (core.gossip, snapshot) }
            (snapshot.gossipBytes, snapshot.gossipLimit) = published.withLock { ($0.gossipBytes, $0.gossipLimit) }
            return snapshot
        }
    }
}

extension Membership {
    /// The oldest member that is up: the coordinator.
    var oldest: UniqueAddress? {
        gossip.members.filter { $0.status == .up }.min { $0.isOlder(than: $1) }?.node
    }
}

extension MembershipSnapshot {
    /// - Parameter earlier: The snapshot shown before for the same gossip; parts that follow from the gossip alone are
    ///   reused.
    init(
        _ core: Membership, at now: Instant, sameGossip earlier: MembershipSnapshot?, name: (UniqueAddress) -> String
    ) {
        let gossip = core.gossip
        let obstacles = core.obstacles
        self.init(
            members: earlier?.members ?? gossip.shownMembers(name),
            leader: core.leader, oldest: core.oldest, converged: core.phase == .member && obstacles.isEmpty,
            waitingFor: obstacles.map { Waiting($0, since: core.since($0)) },
            pendingLeaderActions: core.phase == .member ? core.pendingLeaderActions(at: now) : [],
            clock: earlier?.clock ?? gossip.shownClock(name), gossipVersion: gossip.number,
            digest: earlier?.digest ?? gossip.contentDigest, seenBy: gossip.seen,
            reachability: earlier?.reachability ?? gossip.shownReachability,
            peers: core.monitoredPeers(at: now).map { PeerSnapshot($0, name) },
            downing: core.pendingDowning.map { pending in
                DowningSnapshot(
                    strategy: core.settings.strategy.description, due: pending.due, down: pending.decision.down,
                    reason: pending.decision.reason)
            })
    }
}

extension Gossip {
    fileprivate func shownMembers(_ name: (UniqueAddress) -> String) -> [MemberSnapshot] {
        let unreachable = unreachable
        return members.map { member in
            MemberSnapshot(
                node: member.node, name: name(member.node), status: member.status,
                upNumber: member.upNumber.map { Int($0) }, roles: member.roles,
                unreachable: unreachable.contains(member.node))
        }
    }

    fileprivate func shownClock(_ name: (UniqueAddress) -> String) -> [ClockEntry] {
        version.entries.map { ClockEntry(node: $0.node, name: name($0.node), counter: $0.count) }
    }

    fileprivate var shownReachability: [CastyObservability.ReachabilityRow] {
        reachability.flatMap { observer in
            observer.rows.map { row in
                CastyObservability.ReachabilityRow(
                    observer: observer.observer, subject: row.subject, status: row.verdict.mark,
                    version: observer.version)
            }
        }
    }
}

extension CastyMembership.ReachabilityRow.Verdict {
    fileprivate var mark: ReachabilityMark {
        switch self {
        case .indirect: .indirectlyUnreachable
        case .unreachable: .unreachable
        case .terminated: .terminated
        }
    }
}

extension Membership {
    /// Since when an obstacle has kept the cluster from converging.
    fileprivate func since(_ obstacle: ConvergenceObstacle) -> Instant? {
        switch obstacle {
        case .unreachable(let node, _): unreachableSince(node)
        case .notSeen: versionSince
        }
    }
}

extension PeerSnapshot {
    fileprivate init(_ peer: MonitoredPeer, _ name: (UniqueAddress) -> String) {
        self.init(
            node: peer.node, name: name(peer.node), phi: peer.phi, threshold: peer.threshold, mean: peer.mean,
            deviation: peer.deviation, acceptablePause: peer.pause, lastHeartbeat: peer.lastHeartbeat,
            suspicionDeadline: peer.deadline, samples: peer.samples, unreachable: peer.isMarked,
            witness: peer.witness.map(name))
    }
}

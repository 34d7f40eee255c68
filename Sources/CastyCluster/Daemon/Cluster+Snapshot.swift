import CastyActors
package import CastyCore
import CastyMembership
package import CastyObservability
import Synchronization

extension Cluster {
    /// Registers the provider of the membership snapshot; nothing is computed until a snapshot is requested.
    func provideSnapshot() {
        let nameOf = system.inspector.nameOf
        system.inspector.provide { [weak self] now in
            guard let self else { return MembershipSnapshot() }
            let core = core
            var snapshot = MembershipSnapshot(core, at: now, gossipSection(of: core)) { nameOf($0.address) }
            (snapshot.gossipBytes, snapshot.gossipLimit) = published.withLock { ($0.gossipBytes, $0.gossipLimit) }
            return snapshot
        }
    }

    /// What this node's gossip says at this moment.
    ///
    /// As long as nothing of it has changed, it is the same object.
    package var gossipView: GossipView {
        shared.read { core in
            latestView.withLock { latest in
                if let latest, latest.edits == core.edits { return latest }
                let view = GossipView(core, gossipSection(of: core))
                latest = view
                return view
            }
        }
    }

    /// The phi accrual detectors of this node, with phi at a time.
    package func peers(at now: Instant) -> [PeerSnapshot] {
        let nameOf = system.inspector.nameOf
        return shared.read { $0.monitoredPeers(at: now) }.map { peer in PeerSnapshot(peer) { nameOf($0.address) } }
    }

    private func gossipSection(of core: borrowing Membership) -> GossipSection {
        latestSection.withLock { latest in
            if let latest, latest.gossip == core.gossip { return latest }
            let nameOf = system.inspector.nameOf
            let section = GossipSection(core.gossip) { nameOf($0.address) }
            latest = section
            return section
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
    fileprivate init(
        _ core: Membership, at now: Instant, _ section: GossipSection, name: (UniqueAddress) -> String
    ) {
        let obstacles = core.obstacles
        self.init(
            members: section.members,
            leader: core.leader, oldest: core.oldest, converged: core.phase == .member && obstacles.isEmpty,
            waitingFor: obstacles.map { Waiting($0, since: core.since($0)) },
            pendingLeaderActions: core.phase == .member ? core.pendingLeaderActions(at: now) : [],
            clock: section.clock, gossipVersion: core.gossip.number,
            digest: section.digest, seenBy: core.gossip.seen,
            reachability: section.reachability,
            peers: core.monitoredPeers(at: now).map { PeerSnapshot($0, name) },
            downing: core.pendingDowning.map { pending in
                DowningSnapshot(
                    strategy: core.settings.strategy.description, due: pending.due, down: pending.decision.down,
                    reason: pending.decision.reason)
            })
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

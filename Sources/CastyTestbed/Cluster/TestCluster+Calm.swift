import CastyActors
import CastyCluster
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyScenario

extension TestCluster {
    /// A record of the disturbances, with the details that the rules for calm periods need.
    package struct Disturbances {
        /// One crash: its time, the crashed node, and the shards that ran there.
        package struct Crash {
            package let time: Instant
            package let node: UniqueAddress
            package let shards: [ShardKey]
            /// The time from which no fault had been active before the crash.
            package let calmSince: Instant?
            /// Whether the cluster was quiet and in agreement before the crash.
            package let wasSettled: Bool
            /// Whether the downing strategy lets the other nodes continue.
            package let leavesSurvivors: Bool
        }

        /// The end of the latest fault, for faults that end by themselves or last for one instant only.
        package var faultedUntil = Instant.start
        /// When a node last started, was asked to leave, or received an operator's command.
        package var changedAt = Instant.start
        package var crashes: [Crash] = []

        mutating func fault(until end: Instant) { faultedUntil = max(faultedUntil, end) }
    }

    /// The time since which no fault has been active; `nil` while one is.
    package var calmSince: Instant? {
        let isFaulty =
            !cuts.isEmpty || shapes.values.contains(where: \.isFault) || nodes.values.contains { $0.state == .frozen }
        return isFaulty || disturbances.faultedUntil > now ? nil : disturbances.faultedUntil
    }

    /// Records a crash, before it happens.
    func noteCrash(of node: TestNode) {
        let crash = Disturbances.Crash(
            time: now, node: node.system.unique, shards: watch.shards(on: node.system.unique), calmSince: calmSince,
            wasSettled: oracle.isSettled(at: now), leavesSurvivors: leavesSurvivors(node))
        disturbances.crashes.append(crash)
        disturbances.fault(until: now)
    }

    /// Whether the other nodes continue after a node's death. Computed from the votes, without the product's decision
    /// code.
    private func leavesSurvivors(_ node: TestNode) -> Bool {
        let others = running.filter { $0.isUp && $0 !== node }
        guard let view = others.first?.cluster.core.gossip, view.members.allSatisfy({ $0.status == .up }) else {
            return false
        }
        let staying = others.map(\.system.unique)
        let split = Split(faultedAt: now, members: view.members, groups: [staying], isFromQuiet: true)
        switch settings.membership.strategy {
        case .manual, .downAll: return false
        case .leaseMajority: return staying.count * 2 > view.members.count
        case .keepMajority, .keepOldest, .staticQuorum:
            return SplitOracle(split).survivors(settings.membership.strategy)?.sorted() == staying.sorted()
        }
    }

    /// Whether a running node still has a dead node among its members.
    package var countsOnDeadMembers: Bool {
        running.contains { node in node.cluster.core.gossip.members.contains { !watch.isAlive($0.node) } }
    }

    /// The entities that no up node may host. Messages for them wait until such a node starts.
    package var entitiesWithoutNodes: Set<String> {
        Set(
            tracker.pendingEntities.filter { entity in
                guard let sample = SampleEntity(rawValue: EntityName.type(of: entity)) else { return false }
                return !running.contains { $0.isUp && $0.mayHost(sample, in: settings) }
            })
    }
}

extension LinkShape {
    /// Whether the link does more than add latency: it loses bytes, or delays them so long that a peer may be
    /// suspected.
    var isFault: Bool { loss ?? 0 > 0 || (latency ?? .zero) + (jitter ?? .zero) > .milliseconds(100) }
}

extension TestClusterSettings {
    /// The time bounds of the membership.
    package func bounds(nodes: Int) -> MembershipBounds { MembershipBounds(membership, size: nodes) }

    /// The time until the shards of a crashed node serve again: T_fail. Its lease runs out while the others notice the
    /// crash and decide.
    package func failover(nodes: Int) -> Duration {
        let (bounds, margin) = (bounds(nodes: nodes), membership.removalMargin(members: nodes))
        let removal = bounds.mark + bounds.spread + bounds.stability
        return max(removal, margin, placement.removalMargin) + placement.retry * 2
    }

    /// The time from the end of the last fault until it has no effect left: a crash is detected, decided on and
    /// repaired, and the connections are open again.
    package func aftermath(nodes: Int) -> Duration {
        max(.seconds(20), failover(nodes: nodes) + MembershipBounds.reconnect)
    }

    /// The time from the last membership change until no two nodes differ by more than one shard. The shards of removed
    /// nodes wait for the removal margin; the others move one round at a time.
    package func rebalancing(nodes: Int) -> Duration {
        let placement = placement
        let share = Int(placement.relativeHandoffLimit * Double(placement.shardCount))
        let atOnce = max(1, min(placement.absoluteHandoffLimit, share))
        let rounds = (placement.shardCount + atOnce - 1) / atOnce + 2
        let margin = max(membership.removalMargin(members: nodes), placement.removalMargin)
        return margin + placement.recoveryProbe + placement.longestHandoff + placement.rebalanceInterval * rounds
    }
}

extension PlacementSettings {
    /// The longest time that any handoff may take.
    package var longestHandoff: Duration { closeBound + handoffTimeout + retry * 2 }
}

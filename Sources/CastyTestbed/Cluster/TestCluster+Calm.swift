import CastyActors
import CastyCluster
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyScenario

extension TestCluster {
    /// What was done to the cluster, as far as rules that hold in quiet times only ask.
    package struct Disturbances {
        /// A crash: when, of what, and which shards ran there.
        package struct Crash {
            package let time: Instant
            package let node: UniqueAddress
            package let shards: [ShardKey]
            /// Since when there had been no fault before.
            package let calmSince: Instant?
            /// Whether the cluster was quiet and of one mind before.
            package let wasSettled: Bool
            /// Whether the others go on without it, by the strategy.
            package let leavesSurvivors: Bool
        }

        /// The end of the last fault that ended by itself or happened at one instant.
        package var faultedUntil = Instant.start
        /// When nodes were last started, told to leave, or told anything by an operator.
        package var changedAt = Instant.start
        package var crashes: [Crash] = []

        mutating func fault(until end: Instant) { faultedUntil = max(faultedUntil, end) }
    }

    /// Since when no fault has been at work; `nil` while one is.
    package var calmSince: Instant? {
        let isFaulty =
            !cuts.isEmpty || shapes.values.contains(where: \.isFault) || nodes.values.contains { $0.state == .frozen }
        return isFaulty || disturbances.faultedUntil > now ? nil : disturbances.faultedUntil
    }

    /// Notes a crash before it happens.
    func noteCrash(of node: TestNode) {
        let crash = Disturbances.Crash(
            time: now, node: node.system.unique, shards: watch.shards(on: node.system.unique), calmSince: calmSince,
            wasSettled: oracle.isSettled(at: now), leavesSurvivors: leavesSurvivors(node))
        disturbances.crashes.append(crash)
        disturbances.fault(until: now)
    }

    /// Whether the others go on when a node has died, by an account of the votes that does not ask the product.
    private func leavesSurvivors(_ node: TestNode) -> Bool {
        let others = running.filter { $0.isUp && $0 !== node }
        guard let view = others.first?.cluster.core.gossip, view.members.allSatisfy({ $0.status == .up }) else {
            return false
        }
        let staying = others.map(\.system.unique)
        let split = Split(struck: now, members: view.members, groups: [staying], isFromQuiet: true)
        switch settings.membership.strategy {
        case .manual, .downAll: return false
        case .leaseMajority: return staying.count * 2 > view.members.count
        case .keepMajority, .keepOldest, .staticQuorum:
            return SplitOracle(split).survivors(settings.membership.strategy)?.sorted() == staying.sorted()
        }
    }

    /// Whether a node that runs still counts on a member that is dead.
    package var countsOnDeadMembers: Bool {
        running.contains { node in node.cluster.core.gossip.members.contains { !watch.isAlive($0.node) } }
    }

    /// The entities that no node may host: what waits for them waits until somebody starts one that may.
    package var entitiesWithoutNodes: Set<String> {
        Set(
            tracker.pendingEntities.filter { entity in
                guard let sample = SampleEntity(rawValue: EntityName.type(of: entity)) else { return false }
                return !running.contains { $0.isUp && $0.mayHost(sample, in: settings) }
            })
    }
}

extension LinkShape {
    /// Whether more than distance is wrong with the link: bytes get lost, or come so late that a peer may be suspected.
    var isFault: Bool { loss ?? 0 > 0 || (latency ?? .zero) + (jitter ?? .zero) > .milliseconds(100) }
}

extension TestClusterSettings {
    /// The bounds of the membership.
    package func bounds(nodes: Int) -> MembershipBounds { MembershipBounds(membership, size: nodes) }

    /// How long it takes until the shards of a crashed node serve again: T_fail.
    package func failover(nodes: Int) -> Duration {
        let (bounds, margin) = (bounds(nodes: nodes), membership.removalMargin(members: nodes))
        return bounds.mark + bounds.spread + bounds.stability + max(margin, placement.removalMargin)
            + placement.retry * 2
    }

    /// How long it takes, after the end of the last fault, until nothing of it is left: a crash is noticed, decided upon and made good, and
    /// connections stand again.
    package func aftermath(nodes: Int) -> Duration {
        max(.seconds(20), failover(nodes: nodes) + MembershipBounds.reconnect)
    }

    /// How long it takes, after the membership has come to rest, until no two nodes differ by more than one shard: the shards of the gone wait
    /// for the margin, all others move a round at a time.
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
    /// How long a handoff may take, whatever happens.
    package var longestHandoff: Duration { closeBound + handoffTimeout + retry * 2 }
}

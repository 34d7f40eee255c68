import CastyActors
import CastyCluster
import CastyInspection
import CastyMembership
import CastyPlacement
import CastyPrimitives

extension Laboratory {
    /// What was done to the cluster, as far as rules that hold in quiet times only ask.
    struct Disturbances {
        /// A crash: when, of what, and which shards ran there.
        struct Crash {
            let time: Instant
            let node: UniqueAddress
            let shards: [ShardKey]
            /// Since when there had been no fault before.
            let calmSince: Instant?
            /// Whether the others could go on without it.
            let leavesMajority: Bool
        }

        /// The end of the last fault that ended by itself or happened at one instant.
        var faultedUntil = Instant.start
        /// When nodes were last started, told to leave, or told anything by an operator.
        var changedAt = Instant.start
        var crashes: [Crash] = []
        /// Shards were tied to places, nodes drained, or rebalancing paused.
        var areShardsTied = false

        mutating func fault(until end: Instant) { faultedUntil = max(faultedUntil, end) }
    }

    /// Since when no fault has been at work; `nil` while one is.
    var calmSince: Instant? {
        let isFaulty =
            !cuts.isEmpty || shapes.values.contains(where: \.isFault) || nodes.values.contains { $0.state == .frozen }
        return isFaulty || disturbances.faultedUntil > now ? nil : disturbances.faultedUntil
    }

    /// Notes a crash before it happens.
    func noteCrash(of node: LabNode) {
        let up = running.filter(\.isUp)
        let others = up.filter { $0 !== node }
        let crash = Disturbances.Crash(
            time: now, node: node.system.unique, shards: watch.shards(on: node.system.unique), calmSince: calmSince,
            leavesMajority: others.count * 2 > others.first.map { $0.cluster.state.members.count } ?? .max)
        disturbances.crashes.append(crash)
        disturbances.fault(until: now)
    }
}

extension LinkShape {
    /// Whether more than distance is wrong with the link: bytes get lost, or come so late that a peer may be suspected.
    var isFault: Bool { loss ?? 0 > 0 || (latency ?? .zero) + (jitter ?? .zero) > .milliseconds(100) }
}

extension LabSettings {
    /// How long it takes until a crash is noticed by all, by the settings: T_FD + T_G.
    func noticed(nodes: Int) -> Duration {
        // 5.61 deviations of a Gaussian make a phi of 8.
        let detection = membership.heartbeat * 2 + membership.pause + membership.sigmaFloor * 5.61
        let rounds = Int.bitWidth - max(1, nodes - 1).leadingZeroBitCount + 4
        return detection + membership.gossip * rounds
    }

    /// How long it takes until the shards of a crashed node serve again: T_fail.
    func failover(nodes: Int) -> Duration {
        let members = membership
        return noticed(nodes: nodes) + members.stableAfter(members: nodes) + placement.removalMargin
            + placement.retry * 2
    }
}

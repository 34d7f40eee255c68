import CastyCore

/// How long a view must have been stable before a downing decision: the same for every cluster, or by its size.
package enum StabilityPeriod: Hashable, Sendable {
    case fixed(Duration)
    /// 5 members 7 s, 10 → 10 s, 20 → 13 s, 50 → 17 s, 100 → 20 s, 1000 → 30 s, linear in between.
    case bySize

    package func duration(members: Int) -> Duration {
        switch self {
        case .fixed(let duration): return duration
        case .bySize:
            let steps = [(5, 7.0), (10, 10.0), (20, 13.0), (50, 17.0), (100, 20.0), (1000, 30.0)]
            guard let upper = steps.firstIndex(where: { members <= $0.0 }) else { return .seconds(30) }
            guard upper > 0 else { return .seconds(7) }
            let (low, high) = (steps[upper - 1], steps[upper])
            let share = Double(members - low.0) / Double(high.0 - low.0)
            return .milliseconds(Int64((low.1 + share * (high.1 - low.1)) * 1000))
        }
    }
}

/// Every number that the membership depends on. Start from a preset.
package struct MembershipSettings: Hashable, Sendable {
    // Failure detection

    /// The time between two heartbeats to a peer.
    package var heartbeat: Duration
    /// The least standard deviation that phi is computed with.
    package var sigmaFloor: Duration
    /// How much longer than usual a peer may be silent before its phi begins to grow.
    package var pause: Duration
    /// The phi at which a peer is marked unreachable.
    package var threshold: Double
    /// The phi at which a peer is reported as suspected; not above `threshold`.
    package var suspicion: Double
    /// How many intervals a detector remembers.
    package var samples: Int
    /// How many peers each node monitors; in a cluster with no more peers than that, all nodes monitor all others.
    package var monitors: Int
    /// How many witnesses are asked to probe a silent peer; 0 turns indirect probes off.
    package var witnesses: Int
    /// A node counts as late itself when a timer fires later than this; then it doubts itself before its peers.
    package var lateTolerance: Duration

    // Gossip

    /// The time between two rounds of gossip.
    package var gossip: Duration
    /// Whether a change is sent, and the leader acts, at once; otherwise both happen at the next tick.
    package var gossipAtOnce: Bool
    /// How many peers a change is sent to at once; they relay it to the rest.
    package var gossipFanout: Int
    /// The probability that a round goes to a peer that is not known to have this version.
    package var gossipPreferUnseen: Double
    /// The time between two looks at what the leader has to do.
    package var leaderActions: Duration
    /// How long a removed member is remembered; shorter where a later incarnation has its address, or where too many
    /// are remembered.
    package var tombstones: Duration
    /// How many bytes the removed members may take in a gossip: a sixteenth of a frame.
    package var tombstoneBytes = 16 * 1024

    // Joining and leaving

    /// The time between two attempts to join, and how long the vote of a seed for a founder counts.
    package var joinRetry: Duration
    /// The time between two looks for a second cluster at seeds that are not members; it doubles, up to eight times as
    /// long, while none is found. The five oldest members look more often, within ``joinRetry``.
    package var seedProbe: Duration
    /// The time without convergence after which joiners are let in as weakly up; zero: never.
    package var weaklyUpAfter: Duration
    /// How many members there must be before the first ones become up.
    package var minMembers: Int
    /// How many members of a role there must be, sorted by role.
    package var minMembersOfRole: [RoleMinimum]
    /// How long a leaver waits for its removal once its last tasks are done; the tasks themselves get five times as
    /// long.
    package var exitTimeout: Duration

    /// The least number of members of a role.
    package struct RoleMinimum: Hashable, Sendable {
        package let role: String
        package let count: Int

        package init(role: String, count: Int) {
            self.role = role
            self.count = count
        }
    }

    // Split brain

    /// Which members stay when members cannot reach each other.
    package var strategy: DowningStrategy
    /// How long the side with fewer votes waits before it requests the lease of lease-majority. Entities run longer by
    /// the same time, because with this strategy any member that falls silent may be the one that stays. So shards also
    /// wait longer before they start elsewhere.
    package var leaseDelay: Duration
    /// The time without an answer after which the lease counts as not granted.
    package var leaseTimeout: Duration
    /// How long the lease is held if its holder dies with it: more than any side takes to decide.
    package var leaseHold: Duration
    /// How long the view must have been stable before a decision.
    package var stableAfter: StabilityPeriod
    /// How long after the first change a decision is taken even if the view has not been stable.
    package var unstableLimit: Duration
    /// Whether all members go in that decision, because no side knows what the others see; otherwise the strategy
    /// decides.
    package var downAllWhenUnstable = false
    /// The time from the last acknowledgement that can have prolonged a removed member's lease to the start of its
    /// shards elsewhere. See ``Membership/lastProof(of:)``.
    package var removalMargin: StabilityPeriod
    /// How long a node may run entities after the last acknowledgement from the members it needs. At most the removal
    /// margin / 1.02. See ``entityLease``.
    package var lease: Duration

    /// Whether a cluster ends when it meets a bigger or older one of its name; otherwise both only report it.
    package var endsSecondClusters = true

    /// Deliberate bugs that are switched on, to test the invariants; none by default.
    package var mutations: MembershipMutations = []

    /// How long a member may be leaving, exiting or down in a cluster that cannot agree, before its departure proceeds
    /// without agreement. Every decision about unreachable members is taken sooner.
    package func statusDeadline(members: Int) -> Duration {
        stableAfter(members: members) + unstableLimit + exitTimeout
    }

    /// How long one of the last members waits for messages in transit; twice as long for its last tasks, which cannot
    /// end because no member is left to take over.
    var lastExit: Duration { min(exitTimeout, max(heartbeat, .milliseconds(500))) }

    /// How long the view must have been stable in a cluster of this size.
    package func stableAfter(members: Int) -> Duration { stableAfter.duration(members: members) }

    /// The time from the last proof for a removed member's lease to the start of its shards elsewhere, in a cluster of
    /// this size.
    package func removalMargin(members: Int) -> Duration {
        // Plus the time that entities run longer, and 2 % of it for clock drift.
        removalMargin.duration(members: members) + (strategy.needsLease ? leaseDelay * 1.02 : .zero)
    }

    /// The strategy as a shared setting.
    var downingName: String { strategy.description + (downAllWhenUnstable ? ", down-all-when-unstable" : "") }

    /// How long a node may run entities after the last acknowledgement, under this strategy.
    package var entityLease: Duration { lease + (strategy.needsLease ? leaseDelay : .zero) }
}

extension MembershipSettings {
    /// What is wrong with these settings, in words; empty when they are safe to run with.
    package var problems: [String] {
        var problems: [String] = []
        let margin = removalMargin(members: 1)
        if entityLease * 1.02 > margin {
            problems.append(
                "the lease (\(entityLease)) must be shorter than the removal margin (\(margin)) by 2 % at least")
        }
        if heartbeat <= .zero || gossip <= .zero || leaderActions <= .zero || joinRetry <= .zero || seedProbe <= .zero {
            problems.append(
                "the intervals of heartbeats, gossip, leader actions, join attempts and seed probes must be above zero")
        }
        if strategy.needsLease, leaseHold <= unstableLimit + leaseTimeout {
            problems.append(
                "the lease must be held for longer (\(leaseHold)) than a side may take to decide (\(unstableLimit))")
        }
        if pause < heartbeat {
            problems.append(
                "the pause (\(pause)) must not be shorter than the heartbeat (\(heartbeat)): one late heartbeat would mark a peer"
            )
        }
        if suspicion > threshold {
            problems.append("the suspicion (\(suspicion)) must not be above the threshold (\(threshold))")
        }
        if threshold <= 0 { problems.append("the threshold must be above zero, not \(threshold)") }
        return problems
    }
}

import CastyMembership
import CastyObservability

extension ClusterMoment {
    /// The differences from the previous moment.
    struct Changes {
        var gossip = true
        /// Whether the sections on sharding have changed since the last time they were due.
        var sharding = true
        /// Whether the rules about detection are due.
        var detection = true

        /// Whether a rule about this subject has to be checked.
        func concern(_ subject: CheckedSubject) -> Bool {
            switch subject {
            case .gossip: gossip
            case .sharding: sharding
            case .detection: detection
            case .anything: true
            }
        }
    }
}

/// Finds what has changed from one moment to the next.
///
/// The gossip is compared at every moment: values that have not changed share their storage, so this costs little. The
/// sections on sharding have to be made for that, and phi changes all the time. So sharding is due at every second
/// moment, and detection at two moments in a row of every four: how phi grows shows between two heartbeats only. Owners,
/// entities and steps of the membership are tracked by their events as well, which miss nothing between two moments.
struct ChangeWatch {
    private var states: [ClusterMoment.State]?
    private var incarnations = 0
    private var remembered: [String: [String]] = [:]
    /// The nodes with their sharding: a node that thaws may act again, even if nothing else about it has changed.
    private var nodes: [(state: NodeState, sharding: [ShardingSnapshot])] = []
    private var turn = 0
    /// Whether the gossip has changed since the sections on sharding were last due.
    private var hasNewGossip = true

    mutating func look(_ moment: ClusterMoment) -> ClusterMoment.Changes {
        turn = (turn + 1) % 4
        let gossip = hasOtherGossip(moment)
        (states, incarnations) = (moment.states, moment.incarnations.count)
        hasNewGossip = hasNewGossip || gossip
        return ClusterMoment.Changes(
            gossip: gossip, sharding: turn % 2 == 1 && hasOtherSharding(moment), detection: turn < 2)
    }

    private func hasOtherGossip(_ moment: ClusterMoment) -> Bool {
        guard let states, incarnations == moment.incarnations.count, states.count == moment.states.count else {
            return true
        }
        return zip(states, moment.states).contains { before, now in
            before.node != now.node || before.phase != now.phase || before.gossip != now.gossip
        }
    }

    private mutating func hasOtherSharding(_ moment: ClusterMoment) -> Bool {
        let present = moment.views.map { ($0.state, $0.sharding) }
        defer {
            (remembered, nodes) = (moment.remembered, present)
            hasNewGossip = false
        }
        return hasNewGossip || remembered != moment.remembered || nodes.count != present.count
            || zip(nodes, present).contains { $0.state != $1.0 || $0.sharding != $1.1 }
    }
}

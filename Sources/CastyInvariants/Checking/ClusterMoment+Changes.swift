import CastyCore
import CastyMembership
import CastyObservability

extension ClusterMoment {
    /// What is stored about a moment, to find the changes at the next one.
    struct Seen {
        let states: [State]
        let incarnations: Int
        let remembered: [String: [String]]
        /// The nodes with their sharding: a node that thaws may act again, even if nothing else about it has changed.
        let nodes: [(state: NodeState, sharding: [ShardingSnapshot])]
    }

    /// The differences from the previous moment.
    struct Changes {
        let gossip: Bool
        let sharding: Bool

        /// Whether a rule about this subject has to be checked.
        func concern(_ subject: CheckedSubject, isDetectionDue: Bool) -> Bool {
            switch subject {
            case .detection: isDetectionDue
            case .gossip: gossip
            case .sharding: sharding
            case .anything: true
            }
        }
    }

    var seen: Seen {
        Seen(
            states: states, incarnations: incarnations.count, remembered: remembered,
            nodes: views.map { ($0.state, $0.sharding) })
    }

    /// The changes since an earlier moment. Unmodified values share their storage, so the comparison costs little.
    func changes(since seen: Seen?) -> Changes {
        guard let seen, seen.incarnations == incarnations.count, seen.states.count == states.count else {
            return Changes(gossip: true, sharding: true)
        }
        let gossip = zip(seen.states, states).contains { before, now in
            before.node != now.node || before.phase != now.phase || before.gossip != now.gossip
        }
        let sharding =
            gossip || seen.remembered != remembered
            || zip(seen.nodes, views).contains { $0.state != $1.state || $0.sharding != $1.sharding }
        return Changes(gossip: gossip, sharding: sharding)
    }
}

import CastyCore
import CastyMembership
import CastyObservability

extension ClusterMoment {
    /// What is remembered of a moment, to know at the next one what has changed.
    struct Seen {
        let states: [State]
        let incarnations: Int
        let remembered: [String: [String]]
        /// The nodes with their sharding: one that thaws may act again, though nothing else of it has changed.
        let nodes: [(state: NodeState, sharding: [ShardingSnapshot])]
    }

    /// What differs from the moment before.
    struct Changes {
        let gossip: Bool
        let sharding: Bool

        /// Whether a rule about something has to be looked at.
        func concern(_ subject: CheckedSubject) -> Bool {
            switch subject {
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

    /// What has changed since a moment. Values that nobody has touched share their storage, so that comparing them costs next to nothing.
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

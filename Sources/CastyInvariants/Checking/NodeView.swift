import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// What one node shows of the cluster at one moment.
///
/// Only the gossip is read at every moment; the rest is computed when a checker asks for it.
final class NodeView {
    private enum Source {
        case node(TestNode)
        case snapshot(NodeSnapshot)
    }

    let name: String
    let node: UniqueAddress
    let state: NodeState
    /// The runtime's time, by which all nodes report in a testbed.
    let time: Instant
    /// The node's own clock, which may be wrong; its lease counts by it.
    let ownTime: Instant
    let phase: Membership.Phase
    let gossip: Gossip
    let members: [MemberSnapshot]
    let clock: [ClockEntry]
    let digest: UInt64
    let reachability: [CastyObservability.ReachabilityRow]
    let leader: UniqueAddress?
    let isConverged: Bool
    private let source: Source

    private(set) lazy var sharding: [ShardingSnapshot] =
        switch source {
        case .node(let node): node.system.inspector.shardingSections
        case .snapshot(let snapshot): snapshot.sharding
        }
    /// The phi accrual detectors.
    private(set) lazy var peers: [PeerSnapshot] =
        switch source {
        case .node(let node): node.cluster.peers(at: time)
        case .snapshot(let snapshot): snapshot.membership.peers
        }
    private(set) lazy var associations: [AssociationSnapshot] =
        switch source {
        case .node(let node): node.system.inspector.associationSection
        case .snapshot(let snapshot): snapshot.associations
        }

    /// Reads a running or frozen node of a testbed.
    init(_ node: TestNode) {
        let view = node.cluster.gossipView
        name = node.name
        self.node = view.node
        state = node.state
        time = node.system.inspector.time
        ownTime = node.system.now
        phase = view.phase
        gossip = view.section.gossip
        members = view.section.members
        clock = view.section.clock
        digest = view.section.digest
        reachability = view.section.reachability
        leader = view.leader
        isConverged = view.isConverged
        source = .node(node)
    }

    /// Creates a view from a snapshot, which does not contain the gossip itself.
    init(_ snapshot: NodeSnapshot, phase: Membership.Phase = .member, gossip: Gossip = Gossip()) {
        let membership = snapshot.membership
        name = snapshot.name
        node = snapshot.node
        state = snapshot.state
        time = snapshot.time
        ownTime = snapshot.time
        self.phase = phase
        self.gossip = gossip
        members = membership.members
        clock = membership.clock
        digest = membership.digest
        reachability = membership.reachability
        leader = membership.leader
        isConverged = membership.converged
        source = .snapshot(snapshot)
    }
}

import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
import CastyTestbed

/// The state of all nodes at one moment, and the steps since the previous moment.
struct ClusterMoment {
    /// The actual membership state of a running or frozen node, as opposed to its snapshot.
    ///
    /// A class, because nearly every rule walks over the states, and a gossip is many arrays to retain.
    final class State: Sendable {
        let node: UniqueAddress
        let phase: Membership.Phase
        let gossip: Gossip

        init(node: UniqueAddress, phase: Membership.Phase, gossip: Gossip) {
            self.node = node
            self.phase = phase
            self.gossip = gossip
        }

        /// Whether it sees itself as a member.
        var isMember: Bool { phase == .member && gossip.hasMember(node) }
    }

    let time: Instant
    /// The views of the latest incarnation of each node that is running or frozen.
    let views: [NodeView]
    /// Every incarnation that was ever started.
    let incarnations: [UniqueAddress]
    /// By type: the entities that the store remembers.
    let remembered: [String: [String]]
    /// The membership of the same nodes, in the same order.
    let states: [State]
    /// What is known for certain.
    let oracle: Oracle
    /// The steps of all nodes' memberships since the previous moment, in order.
    let steps: [StepTrace]
    /// When a node last sent its full state, and which node that was.
    let lastEnvelope: (time: Instant, node: UniqueAddress)?
    /// Whether the quiet point has passed, and the effects of all earlier faults must be over.
    let isSettled: Bool
    /// What differs from the previous moment.
    var changes = Changes()
    /// The states of the nodes that are running and are members, regardless of the other nodes' views, by number.
    let members: [State]

    init(
        time: Instant, views: [NodeView], incarnations: [UniqueAddress], remembered: [String: [String]] = [:],
        states: [State] = [],
        oracle: Oracle = Oracle(), steps: [StepTrace] = [],
        lastEnvelope: (time: Instant, node: UniqueAddress)? = nil
    ) {
        self.time = time
        self.views = views
        self.incarnations = incarnations
        self.remembered = remembered
        self.states = states
        self.oracle = oracle
        self.steps = steps
        self.lastEnvelope = lastEnvelope
        isSettled = oracle.isSettled(at: time)
        members = states.filter { $0.isMember && oracle.incarnation($0.node)?.state == .running }
    }

    init(_ testbed: TestCluster) {
        let newest = testbed.numbers.compactMap { testbed.nodes[$0] }
        let living = newest.filter { $0.state == .running || $0.state == .frozen }
        let steps = testbed.stepRecorder?.take() ?? []
        testbed.oracle.note(steps)
        for node in newest where node.state == .stopped {
            testbed.oracle.stopped(node.number, at: testbed.now)
        }
        let views = living.map { NodeView($0) }
        self.init(
            time: testbed.now, views: views,
            incarnations: (testbed.former + newest).map(\.system.unique),
            remembered: [SampleEntity.account.rawValue: testbed.rememberedAccounts],
            states: views.map { State(node: $0.node, phase: $0.phase, gossip: $0.gossip) },
            oracle: testbed.oracle, steps: steps, lastEnvelope: testbed.stepRecorder?.lastEnvelope)
    }

    /// Whether a node's clock shows the runtime's time.
    func hasTrueTime(_ node: UniqueAddress) -> Bool { oracle.incarnation(node)?.hasTrueTime ?? true }

    func name(_ node: UniqueAddress) -> String { TestCluster.name(of: node.address) }
}

package import CastyActors
package import CastyCluster
package import CastyCore
import CastyMembership
package import CastyObservability
import CastyPlacement
import CastyRemoting
package import CastySharding
import Synchronization

/// One incarnation of one node of a testbed.
package final class TestNode: Sendable {
    package let number: Int
    package let name: String
    package let host: any ClusterHost
    package let node: AssembledNode
    package let regions: [SampleEntity: ShardRegion<EntityCommand>]
    private let condition = SharedCondition()

    /// An object of its own, so that callbacks need no weak reference to the node.
    private final class SharedCondition: Sendable {
        private let condition = Mutex(Condition())

        func withLock<Result>(_ body: (inout sending Condition) -> sending Result) -> sending Result {
            condition.withLock(body)
        }

        func settle() {
            let successor = withLock { condition in
                defer { condition.successor = nil }
                return condition.successor
            }
            successor?()
        }
    }

    private struct Condition {
        var state = NodeState.running
        /// The last snapshot, used when the node can no longer give one.
        var last: NodeSnapshot?
        var reason: StopReason?
        /// Whether it was ever a member.
        var hasJoined = false
        /// The start of the next node, which waits for this one.
        var successor: (@Sendable () -> Void)?
    }

    init(
        number: Int, host: any ClusterHost, node: AssembledNode, regions: [SampleEntity: ShardRegion<EntityCommand>]
    ) {
        self.number = number
        name = node.system.inspector.name
        self.host = host
        self.node = node
        self.regions = regions
        cluster.whenWelcomed { [condition] in condition.withLock { $0.hasJoined = true } }
    }

    /// Whether it was ever a member.
    package var hasJoined: Bool { condition.withLock { $0.hasJoined } }

    package var system: ActorSystem { node.system }
    package var cluster: Cluster { node.cluster }
    package var sharding: Sharding { node.sharding }

    /// The node's state.
    package var state: NodeState { condition.withLock { $0.state } }

    /// The reason, if it stopped by itself.
    package var stopReason: StopReason? { condition.withLock { $0.reason } }

    /// Whether it is running and sees itself as up.
    package var isUp: Bool { state == .running && cluster.state.member(system.unique)?.status == .up }

    /// Whether it has the role that hosts a sample type.
    package func mayHost(_ sample: SampleEntity, in settings: TestClusterSettings) -> Bool {
        settings.placement(of: sample).role.map(cluster.config.roles.contains) ?? true
    }

    /// Whether it is running and has not found a cluster yet.
    package var waitsForCluster: Bool { state == .running && cluster.core.waitingForCluster != nil }

    /// The current snapshot, or the last one taken.
    package var snapshot: NodeSnapshot {
        let (state, last) = condition.withLock { ($0.state, $0.last) }
        var snapshot = last ?? system.snapshot()
        snapshot.state = state
        return snapshot
    }

    /// Runs `start` as soon as this node has been welcomed or can no longer be.
    func whenSettled(_ start: @escaping @Sendable () -> Void) {
        condition.withLock { $0.successor = start }
        cluster.whenWelcomed { [condition] in condition.settle() }
    }

    func settle() { condition.settle() }

    /// Releases everything that a killed node held: its memory is freed, and each pending waiter is notified.
    func abandon() {
        settle()
        node.remoting.abandon()
        system.abandon()
    }

    func set(_ state: NodeState, reason: StopReason? = nil) {
        let ends = state == .killed || state == .stopped
        let last = ends ? system.snapshot() : nil
        condition.withLock { condition in
            // A node that is killed while it stops counts as killed.
            if condition.state == .killed { return }
            condition.state = state
            if let last { condition.last = last }
            if let reason { condition.reason = reason }
        }
    }
}

package import CastyActors
package import CastyCluster
import CastyCore
package import CastyMembership
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
    package let system: ActorSystem
    package let node: ClusterNode
    package let sharding: Sharding
    package let regions: [SampleEntity: ShardRegion<EntityCommand>]
    private let condition: Mutex<Condition>

    private struct Condition {
        var state = NodeState.running
        /// What it showed last, kept when it can no longer be asked.
        var last: NodeSnapshot?
        var reason: StopReason?
        /// Whether it ever became a member.
        var hasJoined = false
        /// The start of the next node, which waits for this one.
        var successor: (@Sendable () -> Void)?
    }

    init(
        number: Int, host: any ClusterHost, system: ActorSystem, node: ClusterNode, sharding: Sharding,
        regions: [SampleEntity: ShardRegion<EntityCommand>]
    ) {
        self.number = number
        name = system.inspector.name
        self.host = host
        self.system = system
        self.node = node
        self.sharding = sharding
        self.regions = regions
        condition = Mutex(Condition())
        cluster.whenWelcomed { [weak self] in self?.condition.withLock { $0.hasJoined = true } }
    }

    /// Whether it ever became a member.
    package var hasJoined: Bool { condition.withLock { $0.hasJoined } }

    package var cluster: Cluster { node.cluster }

    /// How it is doing.
    package var state: NodeState { condition.withLock { $0.state } }

    /// Why it stopped by itself, if it did.
    package var stopReason: StopReason? { condition.withLock { $0.reason } }

    /// Whether it is up and running in its own eyes.
    package var isUp: Bool { state == .running && cluster.state.member(system.unique)?.status == .up }

    /// Whether it has the role that hosts a sample type.
    package func mayHost(_ sample: SampleEntity, in settings: TestClusterSettings) -> Bool {
        settings.placement(of: sample).role.map(cluster.config.roles.contains) ?? true
    }

    /// Whether it runs and has found no cluster yet.
    package var waitsForCluster: Bool { state == .running && cluster.core.waitingForCluster != nil }

    /// What it shows at this moment, or showed last.
    package var snapshot: NodeSnapshot {
        let (state, last) = condition.withLock { ($0.state, $0.last) }
        var snapshot = last ?? system.snapshot()
        snapshot.state = state
        return snapshot
    }

    /// Lets another node start as soon as this one has been welcomed, or will never be.
    func whenSettled(_ start: @escaping @Sendable () -> Void) {
        condition.withLock { $0.successor = start }
        cluster.whenWelcomed { [weak self] in self?.settle() }
    }

    func settle() {
        let successor = condition.withLock { condition in
            defer { condition.successor = nil }
            return condition.successor
        }
        successor?()
    }

    /// Lets go of everything that a killed node held, so that its memory is freed and whoever still waits for it is told.
    func abandon() {
        settle()
        node.remoting.abandon()
        system.abandon()
    }

    func set(_ state: NodeState, reason: StopReason? = nil) {
        let ends = state == .killed || state == .stopped
        let last = ends ? system.snapshot() : nil
        condition.withLock { condition in
            // A node that was killed while it was stopping has been killed.
            if condition.state == .killed { return }
            condition.state = state
            if let last { condition.last = last }
            if let reason { condition.reason = reason }
        }
    }
}

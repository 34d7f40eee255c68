import CastyActors
package import CastyCluster
package import CastyCore
import CastyInvariants
package import CastyMembership
package import CastyObservability
package import CastySimulator
package import CastyTestbed

/// A simulated cluster without entities, for measuring its membership: a seed gives the same run on every machine.
package final class MembershipTrial {
    package let testbed: TestCluster
    package let simulation: SimulatedWorld

    /// - Parameters:
    ///   - network: The properties of every link.
    package init(seed: UInt64, settings: MembershipSettings = .responsive, network: LinkProfile = .lan) {
        let world = SimulatedClusterWorld(seed: seed)
        simulation = world.simulation
        simulation.network.changeAll { $0 = network }
        var cluster = TestClusterSettings(membership: settings)
        cluster.samples = []
        testbed = TestCluster(world: world, settings: cluster, checkers: .all)
    }

    /// A cluster with entities, on a local network.
    package init(world: SimulatedClusterWorld, settings: TestClusterSettings) {
        simulation = world.simulation
        testbed = TestCluster(world: world, settings: settings, checkers: .all)
    }

    /// Ends the runtime and the trial.
    package func end() { testbed.end() }

    package var now: Instant { testbed.now }

    /// Starts nodes, and waits until all running ones see each other up.
    ///
    /// - Returns: The time that took.
    package func form(_ count: Int, within limit: Duration = .seconds(60)) throws -> Duration {
        let start = now
        try testbed.start(Array(1...count))
        guard let time = wait(limit, until: { self.isWhole }) else {
            throw TestClusterError("\(count) simulated nodes are not one cluster after \(limit)")
        }
        return time - start
    }

    /// Whether each running node sees exactly the running nodes, all up and reachable.
    package var isWhole: Bool {
        let running = testbed.running
        return running.allSatisfy { node in
            let state = node.cluster.state
            return state.members.count == running.count && state.unreachable.isEmpty
                && state.members.allSatisfy { $0.status == .up }
        }
    }

    /// Whether all running nodes agree: the cluster is whole, in one version that every node has seen.
    package var agrees: Bool {
        isWhole && testbed.running.allSatisfy(\.cluster.state.isConverged)
            && Set(testbed.running.map { $0.cluster.core.gossip.contentDigest }).count == 1
    }

    /// Lets time pass.
    package func pass(_ time: Duration) { simulation.run(until: now + time) }

    /// Lets time pass until a condition holds, and checks it every `grain`.
    ///
    /// - Returns: The time when it held; `nil` after the time limit.
    package func wait(_ limit: Duration, grain: Duration = .milliseconds(10), until condition: () -> Bool) -> Instant? {
        let deadline = now + limit
        while !condition() {
            if now >= deadline || simulation.livelock != nil { return nil }
            simulation.run(until: min(deadline, now + grain))
        }
        return now
    }

    /// The recorded events of a kind, from an index on.
    package func events(_ kind: EventKind, from mark: Int = 0) -> [RuntimeEvent] {
        testbed.recorder.events(from: mark).filter { $0.kind == kind }
    }

    /// The traffic that all running nodes have sent so far.
    package var traffic: ClusterTraffic {
        testbed.running.map(\.cluster.traffic).reduce(ClusterTraffic()) { $0 + $1 }
    }
}

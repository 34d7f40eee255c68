import CastyActors
package import CastyCore
package import CastySimulator

/// The simulated runtime of a testbed.
package final class SimulatedClusterWorld: ClusterWorld {
    package let simulation: SimulatedWorld

    package init(seed: UInt64) {
        simulation = SimulatedWorld(seed: seed)
    }

    package var isLive: Bool { false }
    package var seed: UInt64? { simulation.seed }
    package var stuck: String? { simulation.livelock?.description }
    package var steps: UInt64? { simulation.stepCount }
    package var now: Instant { simulation.now }
    package var clock: @Sendable () -> Instant { { [simulation] in simulation.now } }

    package func makeHost(name: String, address: NodeAddress) -> any ClusterHost {
        SimulatedHost(simulation.node(name: name, address: address))
    }

    package func areFree(_ addresses: [NodeAddress]) -> Bool { true }

    package func cut(from source: String, to target: String) { simulation.network.link(from: source, to: target).cut() }

    package func heal(from source: String, to target: String) {
        simulation.network.link(from: source, to: target).heal()
    }

    package func shape(from source: String, to target: String, _ shape: LinkShape?) {
        let link = simulation.network.link(from: source, to: target)
        var profile = LinkProfile.lan
        if let shape {
            profile = link.profile
            if let latency = shape.latency { profile.latency = latency }
            if let jitter = shape.jitter { profile.jitter = jitter }
            if let loss = shape.loss { profile.loss = loss }
        }
        link.profile = profile
    }

    /// The interval at which conditions are checked and loads are sent.
    package static let grid = Duration.milliseconds(10)

    @discardableResult
    package func advance(until deadline: Instant, unless condition: () -> Bool) -> Bool {
        // A check after every step would cost more than the steps; ten milliseconds is finer than any bound in a
        // scenario.
        while true {
            if condition() { return true }
            if simulation.now >= deadline || simulation.livelock != nil { return false }
            let next = (simulation.now.nanoseconds / Self.grid.nanoseconds + 1) * Self.grid.nanoseconds
            simulation.run(until: min(deadline, Instant(nanoseconds: next)))
        }
    }

    package func end() { simulation.dispose() }
}

/// A node of the simulated runtime.
final class SimulatedHost: ClusterHost, @unchecked Sendable {
    let node: SimulatedNode

    init(_ node: SimulatedNode) {
        self.node = node
    }

    var world: NodeWorld { node.world }

    func freeze() { node.freeze() }

    func thaw() { node.thaw() }

    func kill() { node.kill() }

    func stop() { node.stop() }
}

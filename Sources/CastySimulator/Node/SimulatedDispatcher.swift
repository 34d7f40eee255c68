package import CastyCore

/// Runs the turns of one simulated node.
package final class SimulatedDispatcher: Dispatcher, @unchecked Sendable {
    private let world: SimulatedWorld
    private let node: SimulatedNode

    init(world: SimulatedWorld, node: SimulatedNode) {
        self.world = world
        self.node = node
    }

    package var budget: Int { node.budget }

    package func execute(_ runnable: Runnable) {
        guard world.foreign.isOwner else {
            let node = self.node
            return world.foreign.post { node.execute(runnable) }
        }
        node.execute(runnable)
    }
}

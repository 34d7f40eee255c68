package import CastyCore

/// The clock and the timers of one simulated node.
package final class SimulatedScheduler: Scheduler, @unchecked Sendable {
    private let world: SimulatedWorld
    private let node: SimulatedNode

    init(world: SimulatedWorld, node: SimulatedNode) {
        self.world = world
        self.node = node
    }

    package var now: Instant { Instant(nanoseconds: node.clock.local(at: world.clock)) }

    package func schedule(at deadline: Instant, _ action: @escaping @Sendable () -> Void) -> any ScheduledTimer {
        let timer = node.timer(at: deadline.nanoseconds, action)
        if world.foreign.isOwner {
            node.start(timer)
        } else {
            let node = self.node
            world.foreign.post { node.start(timer) }
        }
        return timer
    }
}

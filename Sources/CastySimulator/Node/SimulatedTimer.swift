import CastyCore

/// A timer of a simulated node.
final class SimulatedTimer: ScheduledTimer, @unchecked Sendable {
    private let world: SimulatedWorld
    /// The deadline by the node's clock.
    let deadline: Int64
    /// The order among the node's timers, for when the clock changes and all are set again.
    var sequence: UInt64 = 0
    private var action: (@Sendable () -> Void)?
    var ticket: EventTicket?

    init(world: SimulatedWorld, deadline: Int64, action: @escaping @Sendable () -> Void) {
        self.world = world
        self.deadline = deadline
        self.action = action
    }

    func cancel() {
        guard world.foreign.isOwner else { return world.foreign.post { self.cancel() } }
        action = nil
        guard let ticket else { return }
        self.ticket = nil
        _ = world.queue.remove(ticket)
    }

    func fire() {
        ticket = nil
        guard let action else { return }
        self.action = nil
        action()
    }

    /// Drops the action because the node is gone.
    func forget() {
        ticket = nil
        action = nil
    }
}

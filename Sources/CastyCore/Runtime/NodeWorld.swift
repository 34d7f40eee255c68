/// All that one node reaches of the world outside it.
///
/// The runtime has no other way to time, threads, chance or the network; so the same code runs live and simulated.
package struct NodeWorld: Sendable {
    /// Runs its actors.
    package let dispatcher: any Dispatcher
    /// Its clock and timers.
    package let scheduler: any Scheduler
    /// Its connections.
    package let transport: any Transport
    /// Its chance.
    package let random: any RandomSource

    /// Puts a world together.
    package init(
        dispatcher: any Dispatcher, scheduler: any Scheduler, transport: any Transport, random: any RandomSource
    ) {
        self.dispatcher = dispatcher
        self.scheduler = scheduler
        self.transport = transport
        self.random = random
    }
}

/// Everything that one node uses of its environment: the interfaces of one of the two runtimes, live or simulated.
///
/// The node reaches time, threads, randomness and the network only through these, so the same code runs live and
/// simulated.
package struct NodeWorld: Sendable {
    /// Runs its actors.
    package let dispatcher: any Dispatcher
    /// Its clock and timers.
    package let scheduler: any Scheduler
    /// Its connections.
    package let transport: any MessageTransport
    /// Its source of randomness.
    package let random: any RandomSource

    /// Combines the four interfaces of a runtime.
    package init(
        dispatcher: any Dispatcher, scheduler: any Scheduler, transport: any MessageTransport, random: any RandomSource
    ) {
        self.dispatcher = dispatcher
        self.scheduler = scheduler
        self.transport = transport
        self.random = random
    }
}

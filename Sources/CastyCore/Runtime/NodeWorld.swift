/// Everything that one node uses of its environment: the interfaces of one of the two runtimes, live or simulated.
///
/// The node reaches time, threads, randomness and the network only through these, so the same code runs live and
/// simulated.
package struct NodeWorld: Sendable {
    /// Runs users' actors.
    package let dispatcher: any Dispatcher
    /// Runs the runtime's own actors, whatever users' handlers do.
    package let control: any Dispatcher
    /// Runs actors whose handlers block.
    package let blocking: any Dispatcher
    /// Its clock and timers.
    package let scheduler: any Scheduler
    /// Its connections.
    package let transport: any MessageTransport
    /// Its source of randomness.
    package let random: any RandomSource
    /// Its clock of the calendar.
    package let wallClock: any WallClockSource

    /// Combines the interfaces of a runtime. Where one dispatcher is not given, the first takes its part; where no clock
    /// of the calendar is given, a virtual one follows the scheduler.
    package init(
        dispatcher: any Dispatcher, control: (any Dispatcher)? = nil, blocking: (any Dispatcher)? = nil,
        scheduler: any Scheduler, transport: any MessageTransport, random: any RandomSource,
        wallClock: (any WallClockSource)? = nil
    ) {
        self.dispatcher = dispatcher
        self.control = control ?? dispatcher
        self.blocking = blocking ?? dispatcher
        self.scheduler = scheduler
        self.transport = transport
        self.random = random
        self.wallClock = wallClock ?? VirtualWallClock(scheduler)
    }
}

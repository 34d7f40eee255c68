/// A node's part of a ``LiveWorld``, and the switches that hang or end it.
package final class LiveNode: Suspendable {
    /// What the runtime builds on.
    package let world: NodeWorld

    private let dispatcher: LiveDispatcher
    private let scheduler: LiveScheduler
    private let transport: any Transport & Suspendable

    init(dispatcher: LiveDispatcher, scheduler: LiveScheduler, transport: any Transport & Suspendable) {
        self.dispatcher = dispatcher
        self.scheduler = scheduler
        self.transport = transport
        world = NodeWorld(
            dispatcher: dispatcher, scheduler: scheduler, transport: transport, random: SystemRandomSource())
    }

    /// Hangs the node as SIGSTOP would: sockets stay open, nothing is read, run or timed.
    package func freeze() {
        transport.freeze()
        scheduler.freeze()
        dispatcher.freeze()
    }

    package func thaw() {
        dispatcher.thaw()
        scheduler.thaw()
        transport.thaw()
    }

    /// Ends the node as a crash would: sockets are reset, nothing is flushed, nothing runs any more.
    package func kill() {
        dispatcher.kill()
        scheduler.kill()
        transport.kill()
    }

    /// Ends the node after its actors have stopped: flushes and closes its connections, then forgets the rest.
    package func stop(completion: @escaping @Sendable () -> Void) {
        transport.shutdown {
            self.scheduler.kill()
            self.dispatcher.kill()
            completion()
        }
    }
}

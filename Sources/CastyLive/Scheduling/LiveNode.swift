package import CastyCore
import Synchronization

/// A node's part of a ``LiveWorld``, and the controls that freeze or end it.
package final class LiveNode: Suspendable {
    /// The clock, threads, random source and network of the node.
    package let world: NodeWorld

    /// For users' actors, for control work, and for actors that block.
    private let dispatchers: [LiveDispatcher]
    private let scheduler: LiveScheduler
    private let transport: any MessageTransport & Suspendable

    init(dispatchers: [LiveDispatcher], scheduler: LiveScheduler, transport: any MessageTransport & Suspendable) {
        self.dispatchers = dispatchers
        self.scheduler = scheduler
        self.transport = transport
        world = NodeWorld(
            dispatcher: dispatchers[0], control: dispatchers[1], blocking: dispatchers[2], scheduler: scheduler,
            transport: transport, random: SystemRandomSource(), wallClock: SystemWallClock())
    }

    /// Freezes the node as SIGSTOP would: sockets stay open, and nothing is read, run or timed.
    package func freeze() {
        transport.freeze()
        scheduler.freeze()
        for dispatcher in dispatchers { dispatcher.freeze() }
    }

    package func thaw() {
        for dispatcher in dispatchers { dispatcher.thaw() }
        scheduler.thaw()
        transport.thaw()
    }

    /// Ends the node as a crash would: sockets are reset, nothing is flushed, and nothing runs any more.
    package func kill() {
        for dispatcher in dispatchers { dispatcher.kill() }
        scheduler.kill()
        transport.kill()
    }

    /// Ends the node whatever its handlers do: closes its connections, then drops everything else. MUST NOT be called
    /// from a thread of its runtime or its transport.
    ///
    /// - Returns: Whether nothing of it runs any more.
    package func end(within limit: Duration) -> Bool {
        let closing = Monitor()
        let isClosed = Flag()
        transport.shutdown {
            isClosed.set()
            closing.withLock { closing.broadcast() }
        }
        let closed = closing.withLock { closing.wait(within: limit) { isClosed.isSet } }
        if !closed { transport.kill() }
        scheduler.kill()
        return dispatchers.reduce(true) { $1.kill(within: limit) && $0 }
    }

    /// Ends the node after its actors have stopped: flushes and closes its connections, then drops everything else.
    package func stop(completion: @escaping @Sendable () -> Void) {
        transport.shutdown {
            self.scheduler.kill()
            for dispatcher in self.dispatchers { dispatcher.kill() }
            completion()
        }
    }
}

/// A flag that is set once.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}

package import CastyCore

/// The live runtime of a process: its threads for actors and timers, its clock. Nodes are views of it.
package final class LiveWorld: Sendable {
    /// The threads that users' actors run on.
    package let pool: WorkerPool
    /// The threads of the runtime's own actors.
    package let control: WorkerPool
    /// The threads of actors whose handlers block.
    package let blocking: WorkerPool
    /// The thread that timers fire on.
    package let timers: TimerThread

    /// Starts the threads; ``shutdown()`` must end them.
    ///
    /// - Parameter workers: How many worker threads, 1…64, without those that replace blocked ones.
    package init(workers: Int = max(2, WorkerPool.cores)) {
        pool = WorkerPool(workers: workers, growth: .whenBlocked(upTo: 64))
        // A node's control work is little, and much of it is one actor's.
        control = WorkerPool(workers: max(2, min(4, WorkerPool.cores / 2)))
        blocking = WorkerPool(workers: 0, growth: .atOnce(upTo: 256))
        timers = TimerThread()
    }

    /// The current time, which all nodes of this runtime share.
    package var now: Instant { timers.clock.now }

    /// A node that uses, and from now on owns, the given transport.
    package func node(transport: any MessageTransport & Suspendable) -> LiveNode {
        (transport as? TwoLaneTransport)?.lend(to: pool)
        return LiveNode(
            dispatchers: [pool, control, blocking].map { LiveDispatcher(pool: $0, clock: timers.clock) },
            scheduler: LiveScheduler(thread: timers), transport: transport)
    }

    /// Ends all threads. Nodes should be stopped or killed before. MUST NOT be called from one of the threads.
    package func shutdown() { _ = shutdown(within: nil) }

    /// The same, but waits at most `limit` for running handlers. Call it again to wait for the rest.
    ///
    /// - Returns: Whether all threads have ended.
    package func shutdown(within limit: Duration?) -> Bool {
        timers.shutdown()
        let end = limit.map { now + $0 }
        var hasEnded = true
        for pool in [pool, blocking, control] {
            let left = end.map { max(.zero, $0 - now) }
            hasEnded = pool.shutdown(within: left) && hasEnded
        }
        return hasEnded
    }
}

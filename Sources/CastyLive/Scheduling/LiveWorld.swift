package import CastyCore

/// The live runtime of a process: its worker threads, its timer thread, its clock. Nodes are views of it.
package final class LiveWorld: Sendable {
    /// The threads that actors run on.
    package let pool: WorkerPool
    /// The thread that timers fire on.
    package let timers: TimerThread

    /// Starts the threads; ``shutdown()`` must end them.
    ///
    /// - Parameter workers: How many worker threads, 1…64.
    package init(workers: Int = max(2, WorkerPool.cores)) {
        pool = WorkerPool(workers: workers)
        timers = TimerThread()
    }

    /// The current time, which all nodes of this runtime share.
    package var now: Instant { timers.clock.now }

    /// A node that uses, and from now on owns, the given transport.
    package func node(transport: any MessageTransport & Suspendable) -> LiveNode {
        LiveNode(
            dispatcher: LiveDispatcher(pool: pool, clock: timers.clock), scheduler: LiveScheduler(thread: timers),
            transport: transport)
    }

    /// Ends all threads. Nodes should be stopped or killed before. MUST NOT be called from one of the threads.
    package func shutdown() { _ = shutdown(within: nil) }

    /// The same, but waits at most `limit` for running handlers. Call it again to wait for the rest.
    ///
    /// - Returns: Whether all threads have ended.
    package func shutdown(within limit: Duration?) -> Bool {
        timers.shutdown()
        return pool.shutdown(within: limit)
    }
}

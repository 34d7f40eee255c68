package import CastyCore

/// Runs the jobs of asynchronous code beside the actors as turns of the node.
///
/// So they wait while the node is frozen, end with it when it is killed, and run in the simulated runtime in one order
/// for one seed, as long as they wait only for what that runtime controls: asks, the system's
/// ``ActorSystem/sleep(for:)``, and stores.
package final class ActorTaskExecutor: TaskExecutor {
    private let dispatcher: any Dispatcher

    package init(_ dispatcher: any Dispatcher) {
        self.dispatcher = dispatcher
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        dispatcher.execute(WorkItem { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) })
    }
}

import CastyActors
import CastyCluster
import CastyCore
import Logging
import Synchronization

/// The end of a node: it happens once, for whichever reason, within its time limit, and releases everything.
///
/// ```
///   running ──leave──▶ leaving ──▶ system ends ──▶ connections, timers and threads end ──▶ ended
///      └──────stop, a user's terminate(), the cluster──▲
/// ```
final class NodeLifecycle: Sendable {
    /// The time limit for sockets and threads to end after the actors.
    private static let lastPatience = Duration.seconds(3)

    private struct Ending: Sendable {
        var hasEnded = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let world: LiveWorld
    private let host: LiveNode
    private let system: ActorSystem
    private let ending = Mutex(Ending())

    /// Makes the node end with its actor system.
    init(_ world: LiveWorld, _ host: LiveNode, _ system: ActorSystem) {
        self.world = world
        self.host = host
        self.system = system
        system.whenEnded { [self] in
            // A thread cannot wait for its own end, and this is called on one of the threads to end.
            LiveThread { [self] in end() }.detach()
        }
    }

    /// Leaves the cluster, and stops the system near the end of the time limit.
    func leave(_ cluster: Cluster, within limit: Duration) {
        let patience = min(limit / 4, .seconds(5))
        _ = system.world.scheduler.schedule(after: limit - patience) { [system, weak cluster] in
            if !system.isTerminating {
                system.log.warning(
                    "has not left the cluster within \(limit - patience): stops without the others' word")
                cluster?.endUnagreed()
            }
            system.terminate(within: patience) {}
        }
        // What is added to a later phase meanwhile still runs.
        system.shutdown.run(ShutdownPhase.leaving, atMost: (limit - patience) / 4) { cluster.leave() }
    }

    /// Stops without notifying the other members.
    func stop(within limit: Duration) { system.terminate(within: limit) {} }

    /// Called when the last reference to the node is released.
    func dropped(_ cluster: Cluster, within limit: Duration, wasStarted: Bool) {
        if system.isTerminating { return }
        guard wasStarted else { return stop(within: limit) }
        system.log.warning("the last reference to the CastyNode is gone: it leaves; keep it, and end it with leave()")
        // The cluster's own actor does not retain it.
        system.whenEnded { withExtendedLifetime(cluster) {} }
        leave(cluster, within: limit)
    }

    /// Returns when the node has ended.
    func ended() async {
        await withCheckedContinuation { continuation in whenEnded { continuation.resume() } }
    }

    /// Calls back when the node has ended; at once where it has.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let now = ending.withLock { ending -> Bool in
            if !ending.hasEnded { ending.waiting.append(action) }
            return ending.hasEnded
        }
        if now { action() }
    }

    /// Ends the runtime of the actors. Runs on its own thread.
    private func end() {
        let isQuiet = host.end(within: Self.lastPatience)
        let isDown = world.shutdown(within: isQuiet ? Self.lastPatience : .zero)
        let waiting = ending.withLock { ending in
            ending.hasEnded = true
            defer { ending.waiting = [] }
            return ending.waiting
        }
        for action in waiting { action() }
        guard !isDown else { return }
        // A handler that does not return retains its thread and everything it references. If it returns later, these
        // are released too.
        world.shutdown()
        system.abandon()
    }
}

import CastyActors
import CastyCluster
import CastyCore
import Logging
import Synchronization

/// How a node ends: once, whatever ends it, within the time it was given, and with nothing left behind.
///
/// ```
///   running ──leave──▶ leaving ──▶ system ends ──▶ connections, timers and threads end ──▶ ended
///      └──────stop, a user's terminate(), the cluster──▲
/// ```
final class NodeLife: Sendable {
    /// How long sockets and threads may take to end when the actors have.
    private static let lastPatience = Duration.seconds(3)

    private struct Ending: Sendable {
        var hasEnded = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let world: LiveWorld
    private let host: LiveNode
    private let system: ActorSystem
    private let ending = Mutex(Ending())

    /// From now on the node ends with its system.
    init(_ world: LiveWorld, _ host: LiveNode, _ system: ActorSystem) {
        self.world = world
        self.host = host
        self.system = system
        system.whenEnded { [self] in
            // Threads cannot wait for their own end, and this is called on one of them.
            LiveThread { [self] in end() }.detach()
        }
    }

    /// Leaves, and stops when that takes too long.
    func leave(_ cluster: Cluster, within limit: Duration) {
        let patience = min(limit / 4, .seconds(5))
        _ = system.world.scheduler.schedule(after: limit - patience) { [system] in
            if !system.isTerminating {
                system.log.warning(
                    "has not left the cluster within \(limit - patience): stops without the others' word")
            }
            system.terminate(within: patience) {}
        }
        cluster.leave()
    }

    /// Stops without a word to the others.
    func stop(within limit: Duration) { system.terminate(within: limit) {} }

    /// Nothing refers to the node any more.
    func dropped(_ cluster: Cluster, within limit: Duration) {
        if system.isTerminating { return }
        system.log.warning("the last reference to the CastyNode is gone: it leaves; keep it, and end it with leave()")
        // The cluster's own actor does not keep it.
        system.whenEnded { withExtendedLifetime(cluster) {} }
        leave(cluster, within: limit)
    }

    /// Returns when the node has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let now = ending.withLock { ending -> Bool in
                if !ending.hasEnded { ending.waiting.append { continuation.resume() } }
                return ending.hasEnded
            }
            if now { continuation.resume() }
        }
    }

    /// Ends what the actors ran on. On a thread of its own.
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
        // A handler that does not return keeps its thread, and what that leads to. Should it return after all, the rest goes too.
        world.shutdown()
        system.abandon()
    }
}

import CastyCluster
import CastyCore
import CastyLive
import Logging
import Synchronization

/// Looks up the seeds behind a name: until there are some, and then as long as the node has not found a cluster, because
/// the addresses behind a name change.
final class SeedLookup: Sendable {
    private static let pause = Duration.seconds(1)
    /// The time between two lookups once there are seeds.
    private static let interval = Duration.seconds(5)

    private let name: String
    private let count: Int
    private let find: @Sendable () throws(TransportError) -> [NodeAddress]
    private let found = Mutex([NodeAddress]())

    /// - Parameters:
    ///   - name: What is looked up, for the log.
    ///   - count: How many addresses there must be.
    ///   - find: Finds the addresses; may block.
    init(
        _ name: String, atLeast count: Int, find: @escaping @Sendable () throws(TransportError) -> [NodeAddress]
    ) {
        self.name = name
        self.count = count
        self.find = find
    }

    /// Starts the lookup; the cluster is started with what is found.
    func begin(for cluster: Cluster, _ watch: NodeWatch) {
        // A thread of its own, because a resolver may block for long; the cluster is retained only while it looks.
        LiveThread { [self, weak cluster, weak watch] in
            guard let cluster, let watch, !cluster.system.isTerminating else { return }
            let next = look(for: cluster, watch)
            _ = cluster.system.world.scheduler.schedule(after: next) { [self, weak cluster, weak watch] in
                guard let cluster, let watch else { return }
                let isStarted = found.withLock { !$0.isEmpty }
                if !isStarted || cluster.core.waitingForCluster != nil { begin(for: cluster, watch) }
            }
        }.detach()
    }

    /// Looks once. Returns when to look again.
    private func look(for cluster: Cluster, _ watch: NodeWatch) -> Duration {
        let log = cluster.system.log
        let known = found.withLock { $0 }
        do throws(TransportError) {
            let seeds = try find()
            let text = seeds.map(\.description).joined(separator: ", ")
            guard seeds.count >= count else {
                throw TransportError(.unreachable, "\(name) stands for \(text), and \(count) are needed")
            }
            watch.lookupProblem = nil
            guard seeds != known else { return Self.interval }
            log.info("\(name) stands for the seeds \(text)")
            found.withLock { $0 = seeds }
            if known.isEmpty { cluster.start(seeds: seeds) } else { cluster.change(seeds: seeds) }
            return Self.interval
        } catch {
            // What was found before may still be right.
            guard known.isEmpty else { return Self.interval }
            if watch.lookupProblem != error.message { log.warning("no seeds yet: \(error.message)") }
            watch.lookupProblem = error.message
            return Self.pause
        }
    }
}

import CastyCluster
import CastyCore
import CastyLive
import Logging

/// Looks up the seeds behind a name, until there are some or the node ends.
enum SeedLookup {
    private static let pause = Duration.seconds(1)

    /// Starts the lookup; the cluster is started with what is found.
    ///
    /// - Parameters:
    ///   - name: What is looked up, for the log.
    ///   - count: How many addresses there must be.
    ///   - find: Finds the addresses; may block.
    static func begin(
        _ name: String, atLeast count: Int, for cluster: Cluster, _ watch: NodeWatch,
        find: @escaping @Sendable () throws(TransportError) -> [NodeAddress]
    ) {
        // A thread of its own, because a resolver may block for long; the cluster is retained only while it looks.
        LiveThread { [weak cluster, weak watch] in
            guard let cluster, let watch, !cluster.system.isTerminating else { return }
            let log = cluster.system.log
            do throws(TransportError) {
                let seeds = try find()
                guard seeds.count >= count else {
                    throw TransportError(
                        .unreachable,
                        "\(name) stands for \(seeds.map(\.description).joined(separator: ", ")), and \(count) are needed"
                    )
                }
                watch.lookupProblem = nil
                log.info("\(name) stands for the seeds \(seeds.map(\.description).joined(separator: ", "))")
                cluster.start(seeds: seeds)
            } catch {
                if watch.lookupProblem != error.message { log.warning("no seeds yet: \(error.message)") }
                watch.lookupProblem = error.message
                _ = cluster.system.world.scheduler.schedule(after: pause) { [weak cluster, weak watch] in
                    if let cluster, let watch { begin(name, atLeast: count, for: cluster, watch, find: find) }
                }
            }
        }.detach()
    }
}

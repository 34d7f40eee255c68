import CastyCluster
import CastyCore
import CastyLive
import Logging

/// Looks up the seeds behind a name, until there are some or the node ends.
enum SeedLookup {
    private static let pause = Duration.seconds(1)

    /// Starts the lookup; the cluster is started with what is found.
    static func begin(_ host: String, port: Int, for cluster: Cluster, _ watch: NodeWatch) {
        // A thread of its own, because a resolver may block for long; the cluster is retained only while it looks.
        LiveThread { [weak cluster, weak watch] in
            guard let cluster, let watch, !cluster.system.isTerminating else { return }
            let log = cluster.system.log
            do throws(TransportError) {
                let seeds = try HostLookup.addresses(of: host, port: port)
                watch.lookupProblem = nil
                log.info("\(host) stands for the seeds \(seeds.map(\.description).joined(separator: ", "))")
                cluster.start(seeds: seeds)
            } catch {
                if watch.lookupProblem != error.message { log.warning("no seeds yet: \(error.message)") }
                watch.lookupProblem = error.message
                _ = cluster.system.world.scheduler.schedule(after: pause) { [weak cluster, weak watch] in
                    if let cluster, let watch { begin(host, port: port, for: cluster, watch) }
                }
            }
        }.detach()
    }
}

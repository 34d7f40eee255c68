import ArgumentParser
import CastyActors
import CastyCluster
import CastyCore
import CastyLive
import CastyObservability
import Dispatch
import Glibc

/// Asks one running node for its snapshot, once.
enum NodeGlance {
    /// - Throws: `ExitCode` 69, after printing the reason, if no node answers within five seconds; 66 where the
    ///   credentials cannot be used.
    static func take(at address: NodeAddress, _ options: ClientOptions, for command: String) throws -> NodeSnapshot {
        let cluster = options.cluster
        let protection = try options.credentials.protection(for: command)
        let world = LiveWorld(workers: 1)
        let host = world.node(transport: TCPTransport(protection: protection))
        let observer: ClusterObserver
        do {
            observer = try ClusterObserver(
                world: host.world, cluster: cluster, seeds: [address], isProtected: protection != nil)
            try observer.start()
        } catch {
            Output.error("casty \(command): \(error)")
            throw ClientExit.unavailable
        }
        defer {
            let ended = DispatchSemaphore(value: 0)
            observer.stop { host.stop { ended.signal() } }
            _ = ended.wait(timeout: .now() + .seconds(1))
            world.shutdown()
        }
        let end = world.now + .seconds(5)
        while world.now < end {
            if let snapshot = observer.nodes.first(where: { $0.address == address })?.snapshot { return snapshot }
            usleep(5000)
        }
        let reason = observer.nodes.first { $0.address == address }?.lastError
        Output.error(
            "casty \(command): \(address) does not answer\(reason.map { ": \($0)" } ?? ""). Is a node of cluster \"\(cluster)\" "
                + "listening there? --cluster names another one.")
        throw ClientExit.unavailable
    }
}

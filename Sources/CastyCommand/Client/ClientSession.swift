import CastyActors
import CastyCore
import CastyLive
import CastySharding
import Dispatch

/// A client of running nodes with its own threads.
final class ClientSession: Sendable {
    let client: EntityClient
    private let world: LiveWorld
    private let host: LiveNode

    /// - Throws: `ExitCode` 66, after printing the reason, where the credentials cannot be used.
    init(_ options: ClientOptions, nodes: [NodeAddress], for command: String) throws {
        let protection = try options.credentials.protection(for: command)
        world = LiveWorld(workers: 2)
        host = world.node(transport: TCPTransport(protection: protection))
        client = try EntityClient(
            world: host.world, cluster: options.cluster, nodes: nodes, isProtected: protection != nil)
        client.start()
    }

    /// The time on the session's clock.
    var now: Instant { world.now }

    /// Ends the connections and the threads.
    func end() {
        let ended = DispatchSemaphore(value: 0)
        client.stop { [host] in host.stop { ended.signal() } }
        _ = ended.wait(timeout: .now() + .seconds(1))
        world.shutdown()
    }
}

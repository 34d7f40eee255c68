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

    init(cluster: String, nodes: [NodeAddress]) throws {
        world = LiveWorld(workers: 2)
        host = world.node(transport: TCPTransport())
        client = try EntityClient(world: host.world, cluster: cluster, nodes: nodes)
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

import CastyCore
import CastyLive

@testable import CastyActors

extension LiveWorld {
    /// A system of this world that reaches no other node.
    func system(_ name: String = "test") -> ActorSystem {
        ActorSystem(
            name: name, address: NodeAddress(host: "127.0.0.1", port: 1), world: node(transport: LocalTransport()).world
        )
    }
}

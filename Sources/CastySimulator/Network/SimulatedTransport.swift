package import CastyCore

/// The connections of one simulated node.
package final class SimulatedTransport: MessageTransport, @unchecked Sendable {
    private let world: SimulatedWorld
    private let node: SimulatedNode

    init(world: SimulatedWorld, node: SimulatedNode) {
        self.world = world
        self.node = node
    }

    package func listen(
        on address: NodeAddress,
        accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) {
        guard world.foreign.isOwner else {
            return world.foreign.post { self.listen(on: address, accept: accept, completion: completion) }
        }
        guard !node.isGone else { return }
        let result: Result<NodeAddress, TransportError> =
            node.isShutDown
            ? .failure(TransportError(.closed, "\(node.name) is shut down"))
            : world.network.listen(on: address, SimulatedNetwork.Listener(node: node, address: address, accept: accept))
        node.execute(WorkItem { completion(result) })
    }

    package func connect(
        to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler
    ) {
        guard world.foreign.isOwner else {
            return world.foreign.post {
                self.connect(to: address, from: source, timeout: timeout, handler: handler)
            }
        }
        guard !node.isGone else { return }
        guard !node.isShutDown else {
            return node.execute(
                WorkItem { [name = node.name] in
                    handler.connectionFailed(TransportError(.closed, "\(name) is shut down"))
                })
        }
        let client = Endpoint(world: world, node: node, remote: address.description, handler: handler)
        node.add(client)
        world.network.open(client, to: address, from: source, timeout: timeout)
    }

    package func shutdown(completion: @escaping @Sendable () -> Void) {
        guard world.foreign.isOwner else { return world.foreign.post { self.shutdown(completion: completion) } }
        guard !node.isGone else { return }
        world.network.stopListening(node)
        node.shutDown(completion)
    }
}

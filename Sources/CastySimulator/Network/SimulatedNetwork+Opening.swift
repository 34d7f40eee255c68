import CastyCore

extension SimulatedNetwork {
    /// Opens a connection with the three steps of TCP. The request goes over. The answer comes back, and the connection
    /// is open for the caller. The confirmation goes over ahead of the first bytes, and the connection is open for the
    /// other end.
    func open(_ client: Endpoint, to address: NodeAddress, from source: NodeAddress, timeout: Duration) {
        let there = link(from: source.host, to: address.host)
        let back = link(from: address.host, to: source.host)
        let ticket = world.control(node: client.node.index, at: world.clock + max(timeout.nanoseconds, 0)) {
            client.fail(TransportError(.timedOut, "no answer from \(address) within \(timeout)"))
        }
        client.failAttempt(after: ticket)
        there.send { [unowned self] in
            guard let listener = listener(at: address), !listener.node.isGone, !there.refusesConnections else {
                return back.sendOnce { client.fail(TransportError(.refused, "\(address) refuses")) }
            }
            let server = Endpoint(
                world: world, node: listener.node, remote: source.description, handler: nil, listener: listener)
            server.join(client, by: Pipe(world: world, sender: server, receiver: client, link: back, back: there))
            client.join(server, by: Pipe(world: world, sender: client, receiver: server, link: there, back: back))
            back.send { client.answerArrived() }
        }
    }
}

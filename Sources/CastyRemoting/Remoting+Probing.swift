import CastyActors
package import CastyCore
import CastySerialization
import NIOCore
import Synchronization

extension Remoting {
    /// Sends one incarnation a question on a connection that is dialled for it and closed with the first message that
    /// comes back.
    ///
    /// Bytes stuck on a standing connection do not delay a probe connection, and its messages have no order relative to that
    /// connection. So it is only for the runtime's own questions. At most ``RemotingSettings/probeConnectionLimit`` of them to a
    /// peer are under way, each for ``RemotingSettings/probeConnectionTimeout`` at most; a further one is not made. A message lost
    /// on one is not recorded as lost, because the asker asks again.
    package func probeConnection<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message)
    {
        guard let association = known(peer.address), association.state.withLock({ $0.mayOpenProbeConnection(peer) }),
            let said = encoded(message, to: target)
        else { return }
        association.probeConnection(peer, saying: said)
    }

    /// Sends a message on all connections on which that incarnation is calling at present.
    package func answer<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message) {
        guard let association = known(peer.address) else { return }
        let probeConnections = association.state.withLock { $0.peer == peer ? $0.probeConnections.accepted : [] }
        guard !probeConnections.isEmpty, let said = encoded(message, to: target) else { return }
        for link in probeConnections { link.say(said) }
    }

    /// Closes the connections with an incarnation, and dials new ones where they are wanted.
    package func reconnect(_ peer: UniqueAddress) { known(peer.address)?.reconnect(peer) }

    /// Ends the pause before the next attempt to open the control connection to an address, if there is one.
    package func hurry(_ address: NodeAddress) { known(address)?.hurry() }

    private func encoded<Message: Sendable>(_ message: Message, to address: ActorAddress) -> Batch? {
        guard let registered = system.registry.find(Message.self) else { return nil }
        var payload = ByteBuffer()
        let codec = registered.codec(agreed: settings.codec)
        guard (try? registered.encode(message, with: codec, context: context, into: &payload)) != nil else {
            return nil
        }
        let destination = Destination(
            address: address, wireType: registered.name, type: Message.self, lane: .control)
        guard payload.readableBytes + destination.headerBound <= settings.frameLimit else { return nil }
        var batch = Batch()
        batch.append(destination, codec, nil, payload)
        return batch
    }
}

extension Association {
    func probeConnection(_ peer: UniqueAddress, saying said: Batch) {
        let link = Link(dialling: peer, said, self)
        if state.withLock({ $0.beginProbeConnection(link, to: peer) }) { link.dialProbeConnection() }
    }

    func admitProbeConnection(_ link: Link, _ peer: Handshake.Peer) -> Admission {
        let (admission, effects) = state.withLock { $0.admitProbeConnection(link, peer) }
        perform(effects)
        return admission
    }

    func probeConnectionAnswered() { perform(state.withLock { $0.endDialledProbeConnections() }) }

    func hurry() { take(state.withLock { $0.retry(.control, $0.control.attempt) }) }

    func reconnect(_ peer: UniqueAddress) { perform(state.withLock { $0.reconnect(peer) }) }
}

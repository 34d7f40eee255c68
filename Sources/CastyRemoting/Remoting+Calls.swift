import CastyActors
package import CastyCore
import CastySerialization
import NIOCore
import Synchronization

extension Remoting {
    /// Sends one incarnation a question on a connection that is dialled for it and closed with the first message that
    /// comes back.
    ///
    /// Bytes stuck on a standing connection do not delay a call, and its messages have no order relative to that
    /// connection. So calls are only for the runtime's own questions. At most ``RemotingSettings/callLimit`` calls to a
    /// peer are under way, each for ``RemotingSettings/callTimeout`` at most; a further one is not made. A message lost
    /// on a call is not recorded as lost, because the asker asks again.
    package func call<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message) {
        guard let association = known(peer.address), association.state.withLock({ $0.mayCall(peer) }),
            let said = encoded(message, to: target)
        else { return }
        association.call(peer, saying: said)
    }

    /// Sends a message on all connections on which that incarnation is calling at present.
    package func answer<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message) {
        guard let association = known(peer.address) else { return }
        let callers = association.state.withLock { $0.peer == peer ? $0.calls.accepted : [] }
        guard !callers.isEmpty, let said = encoded(message, to: target) else { return }
        for link in callers { link.say(said) }
    }

    /// Closes the connections with an incarnation, and dials new ones where they are wanted.
    package func redial(_ peer: UniqueAddress) { known(peer.address)?.redial(peer) }

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
            address: address, wireType: registered.name, shownType: String(describing: Message.self), lane: .control)
        guard payload.readableBytes + destination.headerBound <= settings.frameLimit else { return nil }
        var batch = Batch()
        batch.append(destination, codec, nil, payload)
        return batch
    }
}

extension Association {
    func call(_ peer: UniqueAddress, saying said: Batch) {
        let link = Link(calling: peer, said, self)
        if state.withLock({ $0.beginCall(link, to: peer) }) { link.dialCall() }
    }

    func admitCall(_ link: Link, _ peer: Handshake.Peer) -> Admission {
        let (admission, effects) = state.withLock { $0.admitCall(link, peer) }
        perform(effects)
        return admission
    }

    func callAnswered() { perform(state.withLock { $0.endDialledCalls() }) }

    func hurry() { take(state.withLock { $0.retry(.control, $0.control.attempt) }) }

    func redial(_ peer: UniqueAddress) { perform(state.withLock { $0.redial(peer) }) }
}

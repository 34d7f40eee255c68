import CastyActors
package import CastyCore
import CastySerialization
import NIOCore
import Synchronization

extension Remoting {
    /// Asks something of one incarnation on a connection that is dialled for it and closed with the first message that
    /// comes back.
    ///
    /// What is stuck on the connection that stands does not hold it up, and what is said here has no place in its
    /// order; so it is for the runtime's own questions only. At most ``RemotingSettings/callLimit`` calls to a peer are
    /// under way, each for ``RemotingSettings/callTimeout`` at most; a further one is not made. Nothing that goes lost
    /// here is accounted as lost: whoever asks will ask again.
    package func call<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message) {
        guard let association = known(peer.address), association.state.withLock({ $0.mayCall(peer) }),
            let said = encoded(message, to: target)
        else { return }
        association.call(peer, saying: said)
    }

    /// Says something on all connections on which that incarnation calls at present.
    package func answer<Message: Sendable>(_ peer: UniqueAddress, at target: ActorAddress, _ message: Message) {
        guard let association = known(peer.address) else { return }
        let callers = association.state.withLock { $0.peer == peer ? $0.callers : [] }
        guard !callers.isEmpty, let said = encoded(message, to: target) else { return }
        for link in callers { link.say(said) }
    }

    /// Gives up the connection with an incarnation, and dials a new one where one is wanted.
    package func redial(_ peer: UniqueAddress) { known(peer.address)?.redial(peer) }

    /// Ends the pause before the next attempt to connect to a place, if there is one.
    package func hurry(_ place: NodeAddress) { known(place)?.hurry() }

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

import CastyCore
import CastyObservability
public import CastySerialization

extension ActorRef: WireCodable {
    /// Writes the address. From now on other nodes can reach the actor.
    public func encode(into writer: inout WireWriter) {
        target.willTravel()
        if target.traffic == .reply, let note = writer.context.userInfo[.asker] as? AskerNote, note.asker == nil {
            note.asker = target
        }
        target.address.encode(into: &writer.buffer)
    }

    /// Reads an address and binds it to the system that receives the message.
    ///
    /// - Throws: ``WireReadError`` where the bytes are not an address, or where no system is available because the
    ///   reference is read outside a message.
    public init(from reader: inout WireReader) throws(WireReadError) {
        let address: ActorAddress
        do { address = try ActorAddress(from: &reader.buffer) } catch { throw WireReadError(error) }
        guard let system = reader.context.userInfo[.actorSystem] as? ActorSystem else {
            if let binding = reader.context.userInfo[.actorSystem] as? any ReferenceBinding,
                let reference = binding.reference(to: address, as: Message.self)
            {
                self = reference
                return
            }
            throw WireReadError(
                .malformed,
                "a reference can only be read as part of a message to an actor system, from a node or to its sender")
        }
        self = system.reference(to: address.isLocal ? address.on(system.address) : address, as: Message.self)
    }
}

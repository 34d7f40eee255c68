import CastyCore
import CastyObservability
import CastySerialization
import Logging

extension ActorCell {
    /// What a message becomes when it is encoded and decoded, as if it came from another node; `nil` where it cannot be.
    ///
    /// Types that are not `Codable`, and those of the runtime, stay as they are: they never leave their node.
    @usableFromInline
    func copy(of message: Message) -> Message? {
        guard traffic == .user, let agreed = system.localCodec,
            let registered = system.registry.find(Message.self), !registered.isInternal
        else { return message }
        do {
            let codec = registered.codec(agreed: agreed)
            return try registered.copy(message, with: codec, context: system.localContext)
        } catch {
            system.log.warning("\(registered.name) for \(pathText) could not travel to another node: \(error)")
            return nil
        }
    }

    @usableFromInline
    var undecodable: Delivery { .refused(.undecodable) }
}

extension ActorCell {
    /// Puts a message into the mailbox with which more is done on its way: it is copied, or its sender's context waits
    /// for it.
    ///
    /// - Parameter note: Called with the message's position among those accepted before the actor can handle it.
    @usableFromInline
    func putByDetour(_ message: Message, note: (UInt64) -> Void) -> Delivery {
        guard let copy = copy(of: message) else { return undecodable }
        guard let tracing = system.tracing, let context = tracing.tracer.current else {
            return append(copy, note: note)
        }
        return append(copy) { number in
            tracing.note(context, of: number, for: uid)
            note(number)
        }
    }
}

extension ActorSystem {
    /// What a local message is encoded and decoded with.
    var localContext: CodingContext {
        CodingContext(userInfo: [.actorSystem: self], serializer: localSerializer)
    }
}

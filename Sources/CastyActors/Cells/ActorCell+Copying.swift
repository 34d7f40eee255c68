import CastyCore
import CastySerialization
import Logging

extension ActorCell {
    /// What a message becomes when it is encoded and decoded, as if it came from another node; `nil` where it cannot be.
    ///
    /// Types that are not `Codable`, and those of the runtime, stay as they are: they never leave their node.
    @usableFromInline
    func copy(of message: Message) -> Message? {
        guard let registered = system.registry.find(Message.self), !registered.isInternal,
            let agreed = system.localCodec
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

extension ActorSystem {
    /// What a local message is encoded and decoded with.
    var localContext: CodingContext {
        CodingContext(userInfo: [.actorSystem: self], serializer: localSerializer)
    }
}

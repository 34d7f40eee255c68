import CastyCore
import CastySerialization
import Logging
import Synchronization

extension ActorCell {
    /// Delivers what a message becomes when it is encoded and decoded, as if it came from another node.
    ///
    /// Types that are not `Codable`, and those of the runtime, are delivered as they are: they never leave their node.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - append: Puts the copy into the mailbox.
    @usableFromInline
    func offerCopy(
        of message: Message, _ append: (inout Mailbox<Message>, Message) -> Delivery
    ) -> Delivery {
        var copy = message
        if let registered = system.registry.find(Message.self), !registered.isNative, let codec = system.localCodec {
            do {
                copy = try registered.copy(message, with: codec, context: system.localContext)
            } catch {
                system.log.warning("\(registered.name) for \(pathText) could not travel to another node: \(error)")
                return .refused(.undecodable)
            }
        }
        let delivery = mailbox.withLock { append(&$0, copy) }
        if case .acceptedIdle = delivery {
            requestTurn()
            return .accepted
        }
        return delivery
    }
}

extension ActorSystem {
    /// What a local message is encoded and decoded with.
    var localContext: CodingContext {
        CodingContext(userInfo: [.actorSystem: self], serializer: localSerializer)
    }
}

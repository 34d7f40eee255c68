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
        traffic == .user ? system.copy(of: message, for: pathText) : message
    }

    @usableFromInline
    var undecodable: Delivery { .refused(.undecodable) }
}

extension ActorCell {
    /// Puts a message into the mailbox with which nothing more is done on its way. Its sender has no context that waits
    /// for it.
    package func putCopy(_ message: Message) -> Delivery { append(message) { _ in } }

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
    /// What a message to a user's actor becomes when it is encoded and decoded, as if it came from another node, where
    /// local messages are; `nil` where it cannot be.
    ///
    /// - Parameter receiver: Whom it is for, for the log.
    package func copy<Message: Sendable>(of message: Message, for receiver: @autoclosure () -> String) -> Message? {
        guard let agreed = localCodec, let registered = registry.find(Message.self), !registered.isInternal
        else { return message }
        do {
            return try registered.copy(message, with: registered.codec(agreed: agreed), context: localContext)
        } catch {
            log.warning("\(registered.name) for \(receiver()) could not travel to another node: \(error)")
            return nil
        }
    }

    /// What a local message is encoded and decoded with.
    var localContext: CodingContext {
        CodingContext(userInfo: [.actorSystem: self], serializer: localSerializer)
    }
}

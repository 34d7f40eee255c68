import CastyCore
import CastyObservability

extension CodingUserInfoKey {
    /// The key under which a decoder of messages finds the ``ActorSystem`` that references are bound to.
    package static let actorSystem = CodingUserInfoKey(rawValue: "casty.actor-system")!

    /// The key under which an encoder of messages may hold an ``AskerNote``.
    package static let asker = CodingUserInfoKey(rawValue: "casty.asker")!
}

/// Records, while a message is encoded, which ask its reply would answer.
///
/// Unchecked because only one encoding at a time uses it; so no access overlaps another either.
package final class AskerNote: @unchecked Sendable {
    /// The first reference in the message that waits for a reply.
    @exclusivity(unchecked) package var asker: AnyActorCell?

    package init() {}
}

extension ActorRef: Codable {
    /// Decodes an address and binds it to the system that receives the message.
    ///
    /// - Throws: `DecodingError` where the text is not an address, or where no system is available because the
    ///   reference is decoded outside a message.
    public init(from decoder: any Decoder) throws {
        let address = try ActorAddress(from: decoder)
        guard let system = decoder.userInfo[.actorSystem] as? ActorSystem else {
            if let binding = decoder.userInfo[.actorSystem] as? any ReferenceBinding,
                let reference = binding.reference(to: address, as: Message.self)
            {
                self = reference
                return
            }
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a reference can only be read as part of a message to an actor system"))
        }
        self = system.reference(to: address.isLocal ? address.on(system.address) : address, as: Message.self)
    }

    /// Encodes the address. From now on other nodes can reach the actor.
    public func encode(to encoder: any Encoder) throws {
        target.willTravel()
        if target.traffic == .reply, let note = encoder.userInfo[.asker] as? AskerNote, note.asker == nil {
            note.asker = target
        }
        try target.address.encode(to: encoder)
    }
}

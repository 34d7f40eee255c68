import CastyPrimitives

extension CodingUserInfoKey {
    /// Under this key a decoder of messages finds the ``ActorSystem`` that references are bound to.
    package static let actorSystem = CodingUserInfoKey(rawValue: "casty.actor-system")!
}

extension ActorRef: Codable {
    /// Reads an address and binds it to the system that receives the message.
    ///
    /// - Throws: `DecodingError` where the text is not an address, or where no system is at hand, as when a reference is read
    ///   outside a message.
    public init(from decoder: any Decoder) throws {
        let address = try ActorAddress(from: decoder)
        guard let system = decoder.userInfo[.actorSystem] as? ActorSystem else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a reference can only be read as part of a message to an actor system"))
        }
        self = system.reference(to: address, as: Message.self)
    }

    /// Writes the address; from now on the actor can be reached from other nodes.
    public func encode(to encoder: any Encoder) throws {
        target.willTravel()
        try target.address.encode(to: encoder)
    }
}

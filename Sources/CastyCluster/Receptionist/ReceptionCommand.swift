package import CastyCore
package import CastyMembership
package import CastySerialization

/// A message to the receptionist's actor of a node: from other nodes, from its timers, from its cluster.
package enum ReceptionCommand: Sendable {
    /// From another node's receptionist. Only this case is sent between nodes.
    case received(from: UniqueAddress, to: UniqueAddress, ServiceRegistryMessage)
    case viewChanged
    case flush
    case statusDue
}

extension ReceptionCommand {
    /// Receptionists exchange messages of their registries, and nothing else.
    package static let codec = MessageCodec<ReceptionCommand>(
        encode: { command, _, buffer in
            guard case .received(let from, let to, let message) = command else {
                throw WireError(.notEncodable, "only messages of registries travel between receptionists")
            }
            from.encode(into: &buffer)
            to.encode(into: &buffer)
            message.encode(into: &buffer)
        },
        decode: { buffer, context in
            let from = try UniqueAddress(from: &buffer)
            try context.require(sender: from)
            return .received(
                from: from, to: try UniqueAddress(from: &buffer), try ServiceRegistryMessage(from: &buffer))
        })
}

import CastyActors
import CastyCore
public import CastySerialization

extension EntityRef: WireCodable {
    /// Writes the name of its type, the id, and what a node that does not know the type needs to reach it.
    public func encode(into writer: inout WireWriter) {
        writer.write(type)
        writer.write(id)
        writer.write(route.type.shards)
        writer.write(route.type.role) { writer, role in writer.write(role) }
    }

    /// Reads a reference and binds it to the node that receives the message.
    ///
    /// - Throws: ``WireReadError`` where the bytes are not those of a reference, or the reference is read outside a
    ///   message or by a system without shards.
    public init(from reader: inout WireReader) throws(WireReadError) {
        let name = try reader.readString(upTo: WireLimits.typeName)
        let id = try reader.readString(upTo: RegionHost.longestID)
        let shards = try reader.readInt()
        let role = try reader.readOptional { reader throws(WireReadError) in
            try reader.readString(upTo: WireLimits.typeName)
        }
        guard !name.isEmpty, (1...16_384).contains(shards) else {
            throw WireReadError(.malformed, "not a type of entities: \(name.prefix(100)), \(shards)")
        }
        guard let sharding = (reader.context.userInfo[.actorSystem] as? ActorSystem)?.part(Sharding.self) else {
            throw WireReadError(
                .malformed, "an entity's reference can only be read as part of a message to a cluster node")
        }
        let type = EntityType(name, of: Message.self, shards: shards, role: role)
        self.init(route: EntityRoute(type, on: sharding), id: id)
    }
}

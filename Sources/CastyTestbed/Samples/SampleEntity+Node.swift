package import CastySerialization
package import CastySharding

extension SampleEntity {
    /// Registers what travels between nodes that host samples.
    package static func register(in registry: TypeRegistry) throws {
        try registry.register(EntityCommand.self, name: "casty.sample.command")
        try registry.register(EntityReply.self, name: "casty.sample.reply")
    }

    /// Starts all samples on a node of a process of its own, for its users and for clients.
    ///
    /// - Parameters:
    ///   - sharding: The node's.
    ///   - shards: How many shards each type has.
    ///   - store: Where accounts keep their balance, one and the same for all nodes; without one it lasts as long as the account is awake.
    ///   - remember: Where it is written which accounts run, if they are to be remembered.
    package static func start(
        on sharding: Sharding, shards: Int, store: (any EntityStore)?, remember: (any RememberedEntityStore)? = nil
    ) throws {
        for sample in allCases {
            let isAccount = sample == .account
            let region = try sharding.start(
                type: sample.rawValue, shards: shards, store: isAccount ? store : nil,
                remember: isAccount ? remember : nil, of: EntityCommand.self
            ) { entity in
                sample.behavior(entity) { _, _ in }
            }
            serveClients(region, of: sharding)
        }
        try ClientService.start(on: sharding)
    }

    /// Lets clients that are no members talk to a sample's entities.
    package static func serveClients(_ region: ShardRegion<EntityCommand>, of sharding: Sharding) {
        region.serveClients(
            of: sharding, message: { EntityCommand(number: 0, text: $0, replyTo: $1) },
            text: { (reply: EntityReply) in reply.text })
    }
}

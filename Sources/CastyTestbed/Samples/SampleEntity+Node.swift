package import CastySerialization
package import CastySharding

extension SampleEntity {
    /// Registers the message types between nodes that host samples.
    package static func register(in registry: TypeRegistry) throws {
        try registry.register(EntityCommand.self, name: "casty.sample.command")
        try registry.register(EntityReply.self, name: "casty.sample.reply")
    }

    /// Starts all samples on a node in its own process, for the node's users and for clients.
    ///
    /// - Parameters:
    ///   - sharding: The node's sharding.
    ///   - shards: The number of shards of each type.
    ///   - store: The store of the accounts' balances, shared by all nodes; without one a balance is lost when the
    ///     account stops.
    ///   - remember: The store that lists the running accounts, if they are to be remembered.
    package static func start(
        on sharding: Sharding, shards: Int, store: (any EntityStore)?, remember: (any RememberedEntityStore)? = nil
    ) throws {
        for sample in allCases {
            let isAccount = sample == .account
            let region = try sharding.start(
                type: sample.rawValue, shards: shards, store: isAccount ? store : nil,
                remember: isAccount ? remember : nil, of: EntityCommand.self
            ) { entity in
                sample.behavior(entity, SampleHooks())
            }
            serveClients(region, of: sharding)
        }
        try ClientService.start(on: sharding)
    }

    /// Lets clients, which are not members, send messages to a sample's entities.
    package static func serveClients(_ region: ShardRegion<EntityCommand>, of sharding: Sharding) {
        region.serveClients(
            of: sharding, message: { EntityCommand(number: 0, text: $0, replyTo: $1) },
            text: { (reply: EntityReply) in reply.text })
    }
}

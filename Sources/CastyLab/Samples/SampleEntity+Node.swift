package import CastySharding
package import CastyWire

extension SampleEntity {
    /// Registers what travels between nodes that host samples.
    package static func register(in registry: TypeRegistry) throws {
        try registry.register(EntityCommand.self, name: "casty.sample.command")
        try registry.register(EntityReply.self, name: "casty.sample.reply")
    }

    /// Starts all samples on a node of a process of its own; accounts keep their balance while the process lives.
    package static func start(on sharding: Sharding, shards: Int) throws {
        let store = InMemoryEntityStore()
        for sample in allCases {
            _ = try sharding.start(
                type: sample.rawValue, shards: shards, store: sample == .account ? store : nil, of: EntityCommand.self
            ) { entity in
                sample.behavior(entity) { _, _ in }
            }
        }
    }
}

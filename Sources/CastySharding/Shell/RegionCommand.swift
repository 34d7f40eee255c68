import CastyActors
package import CastyObservability
package import CastyPlacement

/// The messages to the sharding actor of one type on one node: from users, other nodes, its entities, and timers.
package enum RegionCommand: Sendable {
    /// A user's message for an entity.
    case route(entity: String, ErasedMessage)
    /// A user's question, and how long its asker waits while there is no home.
    case ask(entity: String, ErasedMessage, AskPatience)
    /// Messages of users wait in the slot of a shard, because they found its route closed.
    case messagesWait(shard: Int)
    /// From another node. Only this case is sent over the network.
    case wire(ShardingEnvelope)
    /// What every shell learns.
    case shell(ShellEvent)
    /// An entity has ended, and why it failed, if it did.
    case ended(EntityEnd<ErasedMessage>, failure: String?)
    case passivate(EntityInstance)
    case passivateByName(String)
    /// Something is due for an entity: it is to run.
    case wake(entity: String)
    /// Changes which entities are passivated automatically.
    case passivation(PassivationSettings)
    /// This node hosts the type from now on.
    case host(PlacementSettings)
    case command(OperatorCommand, @Sendable (CommandAnswer) -> Void)
    /// The store has read some remembered entities of a shard.
    case remembered(StoreRequest, [String], isLast: Bool)
    case stored(StoreRequest)
    case storeFailed(StoreRequest, EntityStoreError)
}

/// One sharding message between two nodes.
package struct ShardingEnvelope: Sendable {
    package let head: EnvelopeHead
    package let message: ShardingMessage<ErasedMessage>
}

extension RegionCommand: ShellCommand {
    package var lossClass: LossClass? {
        switch self {
        case .route, .ask: .user
        case .wire(let envelope):
            switch envelope.message {
            case .peer(.deliver), .peer(.notHome): .user
            case .peer, .request, .order: .control
            }
        case .messagesWait, .shell, .ended, .passivate, .passivateByName, .wake, .passivation, .host, .command,
            .remembered, .stored, .storeFailed:
            .control
        }
    }
}

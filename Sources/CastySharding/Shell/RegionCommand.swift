import CastyActors
package import CastyObservability
package import CastyPlacement

/// What the sharding actor of one type on one node is told: by users, by other nodes, by its entities, by its clock.
package enum RegionCommand: Sendable {
    /// A user's message for an entity.
    case route(entity: String, ErasedMessage)
    /// The same with a question, and how long its asker waits where there is no home.
    case ask(entity: String, ErasedMessage, AskPatience)
    /// From another node. Only this travels.
    case wire(ShardingEnvelope)
    /// The membership has changed.
    case membershipChanged
    case wakeup(generation: UInt64)
    /// The node's lease was found to have lapsed.
    case leaseLapsed
    /// An entity has ended, and why it failed, if it did.
    case ended(EntityEnd<ErasedMessage>, failure: String?)
    case passivate(EntityInstance)
    case passivateByName(String)
    /// Other entities than before go to sleep by themselves.
    case passivation(PassivationSettings)
    /// The node leaves; the function is called when all shards are handed over.
    case leave(@Sendable () -> Void)
    case command(OperatorCommand, @Sendable (CommandAnswer) -> Void)
    /// The store has read the remembered entities of a shard.
    case remembered(StoreRequest, [String])
    case stored(StoreRequest)
    case storeFailed(StoreRequest, EntityStoreError)
}

/// One sharding message between two nodes.
package struct ShardingEnvelope: Sendable {
    package let head: EnvelopeHead
    package let message: ShardingMessage<ErasedMessage>
}

extension RegionCommand: LossClassified {
    package var lossClass: LossClass? {
        switch self {
        case .route, .ask: .user
        case .wire(let envelope):
            switch envelope.message {
            case .peer(.deliver), .peer(.notHome): .user
            case .peer, .request, .order: .control
            }
        case .membershipChanged, .wakeup, .leaseLapsed, .ended, .passivate, .passivateByName, .passivation, .leave,
            .command, .remembered, .stored, .storeFailed:
            .control
        }
    }
}

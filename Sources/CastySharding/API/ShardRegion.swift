public import CastyActors
import CastyCore
public import CastyPlacement

/// A message for an entity, wherever it lives.
public struct ShardEnvelope<Message: Sendable>: Sendable {
    /// The entity's whole id; any text of up to 2048 bytes of UTF-8. Two spellings of the same text, in the sense of Unicode, are one id: the
    /// entity and its stores see it in the form of ``EntityID/canonical(_:)``.
    public let entity: String
    /// What it is told.
    public let message: Message

    /// Addresses a message.
    public init(entity: String, message: Message) {
        self.entity = entity
        self.message = message
    }
}

extension ShardEnvelope: Equatable where Message: Equatable {}

/// The way to all entities of one type: it knows where they live, and starts those that do not.
public struct ShardRegion<Message: Codable & Sendable>: Sendable {
    /// The shard type.
    public let type: String
    /// How many shards it has.
    public let shardCount: Int
    let system: ActorSystem
    let actor: ActorRef<RegionCommand>
    let queries: ShardQueries

    /// Tells an entity a message; it starts where its shard lives, if it does not run.
    ///
    /// The id may be any text of up to 2048 bytes; see ``ShardEnvelope/entity``.
    ///
    /// Messages of one sender to one entity arrive in order, each at most once; while the shard moves they are kept. What is lost is in
    /// the loss ledger.
    @inlinable
    public func tell(_ entity: String, _ message: Message) { route(TypedMessage(message), to: entity) }

    /// Tells an entity a message.
    public func tell(_ envelope: ShardEnvelope<Message>) { route(TypedMessage(envelope.message), to: envelope.entity) }

    @usableFromInline
    func route(_ message: ErasedMessage, to entity: String) { actor.tell(.route(entity: entity, message)) }

    /// Asks an entity and waits for its reply.
    ///
    /// - Parameters:
    ///   - entity: Whom to ask.
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait where the entity cannot be reached at present. What can be waited for by default is a new home on a node
    ///     that is there: with ``AskPatience/failFast`` an unreachable home ends the ask, with ``AskPatience/waitForNewNode`` it waits for a node
    ///     with the type's role to join.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, as soon as this node knows that no reply can come: with the entity, the node and the cause.
    public func ask<Reply: Sendable>(
        _ entity: String, within timeout: Duration = .seconds(10), patience: AskPatience = .waitForNewHome,
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws -> Reply {
        do {
            return try await system.ask(actor, within: timeout) {
                .ask(entity: entity, TypedMessage(question($0)), patience)
            }
        } catch let error as AskError {
            throw error.about(type: type, entity: entity)
        }
    }

    /// Asks an entity, and calls back once.
    @discardableResult
    package func ask<Reply: Sendable>(
        _ entity: String, within timeout: Duration, patience: AskPatience = .waitForNewHome,
        _ question: (ActorRef<Reply>) -> Message, completion: @escaping @Sendable (Result<Reply, AskError>) -> Void
    ) -> @Sendable () -> Void {
        let type = type
        return system.ask(
            actor, within: timeout, { .ask(entity: entity, TypedMessage(question($0)), patience) },
            completion: { result in completion(result.mapError { $0.about(type: type, entity: entity) }) })
    }

    /// Sends an entity to sleep, wherever it lives: it stops when its mailbox is empty, and the next message starts it again.
    ///
    /// Does nothing where this node does not know the home of the entity's shard at the moment: nobody has told it a message from here, or its
    /// shard is on the move.
    public func passivate(_ entity: String) { actor.tell(.passivateByName(entity)) }

    /// Says which entities of this node go to sleep by themselves from now on.
    package func passivate(by settings: PassivationSettings) { actor.tell(.passivation(settings)) }

    /// The shard of an entity.
    public func shard(of entity: String) -> Int { StableHash.shard(of: entity, count: shardCount) }
}

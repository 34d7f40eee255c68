public import CastyActors
public import CastyCore
public import CastyPlacement
public import CastySerialization
import Synchronization

/// A message for an entity, wherever it runs.
public struct ShardEnvelope<Message: Sendable>: Sendable {
    /// The entity's whole id; any text of up to 2048 bytes of UTF-8. Canonically equivalent spellings are one id: the
    /// entity and its stores see it in the form of ``EntityID/canonical(_:)``.
    public let entity: String
    /// The message itself.
    public let message: Message

    /// Addresses a message.
    public init(entity: String, message: Message) {
        self.entity = entity
        self.message = message
    }
}

extension ShardEnvelope: Equatable where Message: Equatable {}
extension ShardEnvelope: Hashable where Message: Hashable {}
extension ShardEnvelope: Codable where Message: Codable {}

extension ShardEnvelope: WireCodable where Message: WireCodable {
    /// Writes the id and the message.
    public func encode(into writer: inout WireWriter) {
        writer.write(entity)
        writer.write(message)
    }

    /// Reads the id and the message.
    ///
    /// - Throws: ``WireReadError`` where the bytes are not those of an envelope, or the id is too long.
    public init(from reader: inout WireReader) throws(WireReadError) {
        self.init(entity: try reader.readString(upTo: RegionHost.longestID), message: try reader.read())
    }
}

/// Reaches all entities of one type: knows where they run, and starts those that do not run.
public struct ShardRegion<Message: Sendable>: Sendable {
    /// The shard type.
    public let type: String
    /// How many shards it has.
    public let shardCount: Int
    let system: ActorSystem
    let actor: ActorRef<RegionCommand>
    let entry: RegionEntry
    let host: RegionHost
    let queries: ShardQueries
    /// The region as an actor that takes envelopes: for code that sends to actors, also from other nodes.
    ///
    /// It lives until the node ends. An ask through it waits as ``AskPatience/waitForNewHome`` says.
    public let ref: ActorRef<ShardEnvelope<Message>>

    /// Sends a message to an entity; if the entity does not run, it starts on the node of its shard.
    ///
    /// The id may be any text of up to 2048 bytes; see ``ShardEnvelope/entity``.
    ///
    /// Messages of one sender to one entity arrive in order, each at most once; while the shard moves they are
    /// buffered. Lost messages are recorded in the loss ledger.
    @inlinable
    public func tell(_ entity: String, _ message: Message) { route(TypedMessage(message), to: entity) }

    /// Sends a message to an entity.
    public func tell(_ envelope: ShardEnvelope<Message>) { route(TypedMessage(envelope.message), to: envelope.entity) }

    @usableFromInline
    func route(_ message: ErasedMessage, to entity: String) {
        // A turn may hold back what is sent to an actor.
        if system.usesOutboxes.load(ordering: .relaxed) { return actor.tell(.route(entity: entity, message)) }
        entry.tell(message, to: entity, through: actor)
    }

    /// Asks an entity and waits for its reply.
    ///
    /// - Parameters:
    ///   - entity: The id of the entity to ask.
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait while the entity cannot be reached. By default the ask waits for a new home on an
    ///     existing node. With ``AskPatience/failFast`` an unreachable home ends the ask; with
    ///     ``AskPatience/waitForNewNode`` it also waits for a node with the type's role to join.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, as soon as this node knows that no reply can come; it names the entity, the node and the
    ///   cause.
    public func ask<Reply: Sendable>(
        _ entity: String, within timeout: Duration = .seconds(10), patience: AskPatience = .waitForNewHome,
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        do {
            return try await system.ask(actor, within: timeout) {
                .ask(entity: entity, TypedMessage(question($0)), patience)
            }
        } catch {
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

    /// Passivates an entity, wherever it runs: it stops when its mailbox is empty, and the next message starts it
    /// again.
    ///
    /// Does nothing if this node does not know the home of the entity's shard: no caller on this node has sent it a
    /// message, or its shard is moving.
    public func passivate(_ entity: String) { actor.tell(.passivateByName(entity)) }

    /// Changes which entities of this node are passivated automatically.
    package func passivate(by settings: PassivationSettings) { actor.tell(.passivation(settings)) }

    /// The shard of an entity.
    public func shard(of entity: String) -> Int { StableHash.shard(of: entity, count: shardCount) }

    /// The node that hosts the shard of an entity, as far as this node knows: `nil` where nothing was sent to the shard
    /// from here yet, while it moves, and while it has no home.
    public func shardHome(of entity: String) -> UniqueAddress? { host.home(of: shard(of: entity)) }
}

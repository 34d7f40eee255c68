public import CastyActors
import CastyCluster
public import CastyCore
import CastyObservability
public import CastyPlacement
import CastySerialization
import Synchronization

/// A reference to an entity, wherever it runs: typed, comparable, and usable inside messages.
///
/// ```swift
/// let cart = node.entity(carts, "cart-17")
/// cart.tell(.add("apples"))
/// let items = try await cart.ask { .list(replyTo: $0) }
/// ```
///
/// It names the entity and not one incarnation or node, so it stays valid when the entity stops, moves, or restarts
/// after a crash. A reference that arrives in a message sends through the node that received it, whether that node
/// hosts the type or not.
public struct EntityRef<Message: Sendable>: Sendable {
    let route: EntityRoute<Message>
    /// The entity's whole id; any text of up to 2048 bytes of UTF-8. Canonically equivalent spellings are one id.
    public let id: String

    /// The name of its type.
    public var type: String { route.type.name }

    /// Sends it a message; where it does not run, it starts on the node of its shard.
    ///
    /// Messages of one sender arrive in order, each at most once; while the shard moves they are buffered. Lost
    /// messages are recorded in the loss ledger.
    public func tell(_ message: Message) {
        switch route.region {
        case .success(let region): region.tell(id, message)
        case .failure(let error): route.lose(message, for: id, error)
        }
    }

    /// Asks it and waits for its reply.
    ///
    /// - Parameters:
    ///   - timeout: How long to wait at most.
    ///   - patience: Whether to wait while it cannot be reached. By default the ask waits for a new home on an existing
    ///     node.
    ///   - question: Makes the message from the reference that the reply goes to.
    /// - Throws: ``AskError``, as soon as this node knows that no reply can come; it names the entity, the node and the
    ///   cause. Its code is ``AskError/Code/cancelled`` where the task was cancelled.
    public func ask<Reply: Sendable>(
        within timeout: Duration = .seconds(10), patience: AskPatience = .waitForNewHome,
        _ question: @Sendable (ActorRef<Reply>) -> Message
    ) async throws(AskError) -> Reply {
        switch route.region {
        case .success(let region): return try await region.ask(id, within: timeout, patience: patience, question)
        case .failure(let error): throw route.unreachable(id, error)
        }
    }

    /// The number of its shard.
    public var shard: Int { StableHash.shard(of: id, count: route.type.shards) }

    /// The node that hosts its shard, as far as this node knows; see ``ShardRegion/shardHome(of:)``.
    public var shardHome: UniqueAddress? {
        if case .success(let region) = route.region { region.shardHome(of: id) } else { nil }
    }
}

extension EntityRef: Hashable {
    /// References are equal when they name the same entity on the same node's cluster.
    public static func == (left: EntityRef, right: EntityRef) -> Bool {
        left.id == right.id && left.type == right.type && left.route.sharding === right.route.sharding
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(id)
    }
}

extension EntityRef: CustomStringConvertible {
    /// The type and the id.
    public var description: String { "\(type) \(id)" }
}

extension EntityRef: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, id, shards, role
    }

    /// Reads a reference and binds it to the node that receives the message.
    ///
    /// - Throws: `DecodingError` where the reference is decoded outside a message, or by a system without shards.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .type)
        let shards = try container.decode(Int.self, forKey: .shards)
        guard (1...WireLimits.typeName).contains(name.utf8.count), (1...16_384).contains(shards) else {
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "not a type of entities: \(name.prefix(100)), \(shards)"
            )
        }
        guard let sharding = (decoder.userInfo[.actorSystem] as? ActorSystem)?.part(Sharding.self) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "an entity's reference can only be read as part of a message to a cluster node"))
        }
        let type = EntityType(
            name, of: Message.self, shards: shards, role: try container.decodeIfPresent(String.self, forKey: .role))
        self.init(route: EntityRoute(type, on: sharding), id: try container.decode(String.self, forKey: .id))
    }

    /// Writes the name of its type, the id, and what a node that does not know the type needs to reach it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(id, forKey: .id)
        try container.encode(route.type.shards, forKey: .shards)
        try container.encodeIfPresent(route.type.role, forKey: .role)
    }
}

/// How one node reaches the entities of a type. It is found out at the first message, so that a reference in a message
/// that is only passed on starts nothing.
final class EntityRoute<Message: Sendable>: Sendable {
    let type: EntityType<Message>
    let sharding: Sharding
    private let found = Mutex<ShardRegion<Message>?>(nil)

    init(_ type: EntityType<Message>, on sharding: Sharding) {
        self.type = type
        self.sharding = sharding
    }

    /// The region; or why this node has none, which is tried again with the next message.
    var region: Result<ShardRegion<Message>, ShardingError> {
        if let known = found.withLock({ $0 }) { return .success(known) }
        do {
            let region = try sharding.region(of: type)
            found.withLock { $0 = region }
            return .success(region)
        } catch {
            return .failure(error)
        }
    }

    func unreachable(_ id: String, _ error: ShardingError) -> AskError {
        AskError(
            error.code == .stopping ? .shutdown : .failed, asking: "\(type.name) \(id)", type: type.name, entity: id,
            because: error.description)
    }

    func lose(_ message: Message, for id: String, _ error: ShardingError) {
        let system = sharding.cluster.system
        let failure = unreachable(id, error)
        Questions.fail(in: message, failure.code, failure.reason ?? error.description)
        system.inspector.lose(
            error.code == .stopping ? .shutdown : .notHosted, .user, target: "\(type.name) \(id)",
            type: String(describing: Message.self), entity: id)
    }
}

extension ActorContext {
    /// Asks an entity. The outcome arrives as one message to this actor.
    ///
    /// - Parameters:
    ///   - entity: Whom to ask.
    ///   - timeout: How long to wait.
    ///   - question: Makes the message from the reference that the reply goes to.
    ///   - transform: Makes this actor's message from the reply, or from the reason why there is none.
    public func ask<Other: Sendable, Reply: Sendable>(
        _ entity: EntityRef<Other>, within timeout: Duration = .seconds(10),
        _ question: @Sendable (ActorRef<Reply>) -> Other,
        _ transform: @escaping @Sendable (Result<Reply, AskError>) -> Message
    ) {
        let me = self.`self`
        switch entity.route.region {
        case .success(let region):
            region.ask(entity.id, within: timeout, question) { me.tell(transform($0)) }
        case .failure(let error): me.tell(transform(.failure(entity.route.unreachable(entity.id, error))))
        }
    }

    /// Asks an entity and waits for its reply, in a handler of ``Behavior/receiveAsync(_:)``.
    ///
    /// - Throws: ``AskError``, as ``EntityRef/ask(within:patience:_:)`` does.
    public func ask<Other: Sendable, Reply: Sendable>(
        _ entity: EntityRef<Other>, within timeout: Duration = .seconds(10),
        _ question: @Sendable (ActorRef<Reply>) -> Other
    ) async throws(AskError) -> Reply {
        try await entity.ask(within: timeout, question)
    }
}

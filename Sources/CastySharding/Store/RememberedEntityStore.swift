import CastyCore
import CastyPlacement
import Synchronization

/// Which entities of a type shall run: they come back without a message after a move of their shard, a crash or a restart of the cluster.
///
/// An entity is remembered before its first message is handled, and forgotten when it was told to go to sleep and no message waits for it. While
/// entities are remembered none goes to sleep by itself; one that fails, or stops by itself, starts again.
///
/// All nodes of a cluster that host the type reach one and the same store. Each call is answered once, on any thread, and for one shard in the order of the
/// calls. What was answered with success survives a crash; what was answered with an error has changed nothing, and is asked again after
/// a while.
public protocol RememberedEntityStore: AnyObject, Sendable {
    /// The ids of a shard's remembered entities.
    ///
    /// - Parameters:
    ///   - type: The shard type.
    ///   - shard: The shard's number.
    ///   - count: How many shards the type has; an id's shard follows from both, so that a new number of shards finds all entities again.
    ///   - completion: Takes the ids, in any order, or why they could not be read.
    func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void)

    /// Writes that an entity runs, or does not run any more.
    func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void)
}

/// A change of the set of remembered entities. To write it twice changes nothing.
public enum RememberedChange: Hashable, Sendable {
    /// The entity of this id shall run.
    case started(String)
    /// It was told to stop, and stays so.
    case stopped(String)

    /// The entity's id.
    public var entity: String {
        switch self {
        case .started(let id), .stopped(let id): id
        }
    }
}

/// A store in memory: survives the nodes of one process, and ends with it.
public final class InMemoryRememberedEntityStore: RememberedEntityStore {
    private let entities = Mutex<[String: Set<String>]>([:])

    /// Creates an empty store.
    public init() {}

    /// The ids of a shard's remembered entities, in order; calls back at once.
    public func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void
    ) {
        let all = entities.withLock { $0[type] ?? [] }
        completion(.success(all.filter { StableHash.shard(of: $0, count: count) == shard }.sorted()))
    }

    /// The ids of all remembered entities of a type, in order.
    public func all(type: String) -> [String] { entities.withLock { $0[type] ?? [] }.sorted() }

    /// Writes a change; calls back at once.
    public func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void
    ) {
        entities.withLock { entities in
            switch change {
            case .started(let id): entities[type, default: []].insert(id)
            case .stopped(let id): entities[type]?.remove(id)
            }
        }
        completion(.success(()))
    }
}

import CastyCore
import CastyPlacement
import Synchronization

/// Stores which entities of a type run: they restart without a message after a move of their shard, a crash or a
/// restart of the cluster.
///
/// An entity is remembered before its first message is handled. It is forgotten when it was passivated on request and
/// no message waits for it. Remembered entities are not passivated automatically; one that fails, or stops by itself,
/// starts again.
///
/// All nodes of a cluster that host the type use the same store. Each call is answered once, on any thread, and for one
/// shard in the order of the calls. A change that was answered with success survives a crash. A call that was answered
/// with an error has changed nothing, and is retried later.
public protocol RememberedEntityStore: AnyObject, Sendable {
    /// The ids of a shard's remembered entities.
    ///
    /// - Parameters:
    ///   - type: The shard type.
    ///   - shard: The shard's number.
    ///   - count: The number of shards of the type. An id and this number determine the id's shard, so a changed number
    ///     of shards finds all entities again.
    ///   - completion: Receives the ids, in any order, or the reason why they could not be read.
    func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void)

    /// Records that an entity runs, or no longer runs.
    func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void)
}

/// A change of the set of remembered entities; idempotent.
public enum RememberedChange: Hashable, Sendable {
    /// The entity with this id runs.
    case started(String)
    /// It was stopped on request, and stays stopped.
    case stopped(String)

    /// The entity's id.
    public var entity: String {
        switch self {
        case .started(let id), .stopped(let id): id
        }
    }
}

/// A store in memory: it outlives the nodes of its process, but not the process.
public final class InMemoryRememberedEntityStore: RememberedEntityStore {
    private let entities = Mutex<[String: Set<String>]>([:])

    /// Creates an empty store.
    public init() {}

    /// The ids of a shard's remembered entities, in order; calls back synchronously.
    public func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void
    ) {
        let all = entities.withLock { $0[type] ?? [] }
        completion(.success(all.filter { StableHash.shard(of: $0, count: count) == shard }.sorted()))
    }

    /// The ids of all remembered entities of a type, in order.
    public func all(type: String) -> [String] { entities.withLock { $0[type] ?? [] }.sorted() }

    /// Records a change; calls back synchronously.
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

/// Stores which entities of a type run: they restart without a message after a move of their shard, a crash or a
/// restart of the cluster.
///
/// An entity is remembered before its first message is handled. It is forgotten when it was passivated on request and
/// no message waits for it. Remembered entities are not passivated automatically; one that fails, or stops by itself,
/// starts again.
///
/// All nodes of a cluster that host the type use the same store. It is *fenced* as an ``EntityStore`` is: once a call
/// with a token has been answered, a change with a lower token of the same shard MUST NOT be acknowledged any more. A
/// store that keeps both states and remembered entities may keep one token for both.
///
/// Changes of one entity come one after the other; calls for different entities come at the same time. The runtime
/// stops waiting for a call before the node's lease would end, and repeats it later.
public protocol RememberedEntityStore: AnyObject, Sendable {
    /// Some of a shard's remembered entities.
    ///
    /// The first page is that without a cursor. Entities that are remembered all the while are on exactly one page;
    /// one that is started or stopped between two pages may be on one or on none.
    ///
    /// - Parameters:
    ///   - shard: The shard. An id and the number of shards determine the id's shard, so a changed number of shards
    ///     finds all entities again.
    ///   - cursor: ``RememberedPage/next`` of the page before.
    ///   - limit: The most entities on the page, at least 1.
    ///   - fence: The token of the caller.
    /// - Throws: ``EntityStoreError``.
    func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage

    /// Records that an entity of the shard runs, or no longer runs. When it returns, the change survives a crash.
    ///
    /// - Throws: ``EntityStoreError``. Unless ``EntityStoreError/isOutcomeUnknown`` says otherwise, nothing has changed.
    func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError)
}

/// A shard of a type with a given number of shards.
public struct StoreShard: Hashable, Sendable {
    /// The shard type.
    public let type: String
    /// The shard's number, from 0.
    public let number: Int
    /// The number of shards of the type.
    public let count: Int

    /// Creates a key.
    ///
    /// - Parameters:
    ///   - number: In 0 ..< `count`.
    ///   - count: At least 1.
    public init(type: String, number: Int, of count: Int) {
        (self.type, self.number, self.count) = (type, number, count)
    }

    /// The key of an entity of this shard.
    package func entity(_ id: String) -> EntityKey { EntityKey(type: type, id: id, shard: number, of: count) }
}

/// Some of the remembered entities of a shard.
public struct RememberedPage: Hashable, Sendable {
    /// The ids, in the order of the store.
    public let entities: [String]
    /// Where the next page begins, as only the store understands it; `nil` on the last page.
    ///
    /// A page may be empty and not be the last.
    public let next: String?

    /// Creates a page.
    public init(_ entities: [String], next: String? = nil) {
        (self.entities, self.next) = (entities, next)
    }
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

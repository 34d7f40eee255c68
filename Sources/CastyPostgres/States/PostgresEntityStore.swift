public import CastySharding

/// Stores the states of entities in tables of PostgreSQL.
///
/// A state is on the server's disk when ``save(_:for:fence:)`` returns. All changes that wait at the same time share one
/// transaction, and all loads one round trip; queries take neither, see ``PostgresStores``. Tokens are compared by the server, in the transaction that saves: a node
/// that was paused while its shard moved cannot overwrite what the next owner has written, however late its save comes.
///
/// When the connection breaks it is opened again, and a change that was under way is sent once more; the server
/// recognizes one that it has made already. A call fails when the time limit of the stores has passed;
/// ``EntityStoreError/isOutcomeUnknown`` then says whether it may have been made all the same.
public final class PostgresEntityStore: EntityStore {
    let writer: StateWriter
    let statements: Statements
    let tables: OwnedTables
    /// Reads of single entities and shards, which entities wait for.
    let loads: Reader
    /// Queries over all events, which may take long.
    let queries: Reader
    /// Which reminders are due: these wait for no query of events.
    let wakeQueries: Reader

    init(_ lanes: StoreLanes, _ statements: Statements, _ tables: OwnedTables, limit: Duration) {
        self.tables = tables
        self.statements = statements
        writer = StateWriter(lanes.changes, statements, limit: limit)
        loads = Reader(lanes.loads, batch: 64, limit: limit)
        queries = Reader(lanes.queries, batch: 1, limit: limit)
        wakeQueries = Reader(lanes.wakes, batch: 1, limit: limit)
    }

    /// The number of transactions that have changed something, and of the changes in them.
    package var groups: (transactions: Int, changes: Int) {
        let counts = writer.counts
        return (counts.batches, counts.items)
    }

    /// The state last saved for an entity, or `nil` if there is none.
    public func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try await read([], of: key, fence)[0].bytes(4)
    }

    /// Reads under a token.
    ///
    /// - Returns: The rows of ``Statements/load(_:)``, in which the token is the shard's, and of `further` statements.
    func read(
        _ further: [Statement], of key: EntityKey, _ fence: ShardFence
    ) async throws(EntityStoreError) -> [Rows] {
        for _ in 0..<2 {
            // Once the server has the token it acknowledges no change of the shard that this would not read.
            try await writer.raise(fence, for: key)
            let rows = try await loads.read([statements.load(key)] + further)
            if let known = rows[0].token() {
                guard known.cluster == fence.cluster else { throw .foreign(known, fence) }
                if fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
                if known == fence { return rows }
            }
            // The server has lost the token, or the shards of the type were counted anew.
            writer.forget(key)
        }
        throw EntityStoreError(.unavailable, "the server does not keep the token of shard \(key.shard) of \(key.type)")
    }

    /// Saves the state of an entity; replaces the previous one.
    public func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await writer.put(state, for: key, fence)
    }

    /// Deletes the state of an entity.
    public func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await writer.put(nil, for: key, fence)
    }
}

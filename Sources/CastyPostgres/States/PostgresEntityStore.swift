public import CastySharding
import Dispatch

/// Stores the states of entities in tables of PostgreSQL.
///
/// A state is on the server's disk when ``save(_:for:fence:)`` returns. All changes that wait at the same time share one
/// transaction, and all loads one round trip. Tokens are compared by the server, in the transaction that saves: a node
/// that was paused while its shard moved cannot overwrite what the next owner has written, however late its save comes.
///
/// When the connection breaks it is opened again, and a change that was under way is sent once more; the server
/// recognizes one that it has made already. A call fails when the time limit of the stores has passed;
/// ``EntityStoreError/isOutcomeUnknown`` then says whether it may have been made all the same.
public final class PostgresEntityStore: EntityStore {
    private struct Load: Sendable {
        let key: EntityKey
        let deadline: DispatchTime
        let done: UnsafeContinuation<Result<Rows, EntityStoreError>, Never>
    }

    private let writer: StateWriter
    private let loads: Batches<Load>
    private let limit: Duration

    init(writing: PostgresLane, reading: PostgresLane, _ statements: Statements, limit: Duration) {
        self.limit = limit
        writer = StateWriter(writing, statements, limit: limit)
        loads = Batches(reading, limit: 64) { Self.load($0, reading, statements) }
    }

    /// The number of transactions that have changed something, and of the changes in them.
    package var groups: (transactions: Int, changes: Int) {
        let counts = writer.counts
        return (counts.batches, counts.items)
    }

    /// The state last saved for an entity, or `nil` if there is none.
    public func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        for _ in 0..<2 {
            // Once the server has the token it acknowledges no change of the shard that this load would not read.
            try await writer.raise(fence, for: key)
            let result = await withUnsafeContinuation { continuation in
                loads.add(Load(key: key, deadline: .after(limit), done: continuation))
            }
            let rows = try result.get()
            if let known = rows.token() {
                guard known.cluster == fence.cluster else { throw .foreign(known, fence) }
                if fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
                if known == fence { return rows.bytes(4) }
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

    private static func load(_ batch: [Load], _ lane: PostgresLane, _ statements: Statements) {
        let deadline = batch.map(\.deadline).max() ?? .now()
        do throws(PostgresError) {
            let answers = try lane.run(batch.map { statements.load($0.key) }, by: deadline)
            for (load, rows) in zip(batch, answers) { load.done.resume(returning: .success(rows)) }
        } catch {
            for load in batch { load.done.resume(returning: .failure(error.storeError(isChange: false))) }
        }
    }
}

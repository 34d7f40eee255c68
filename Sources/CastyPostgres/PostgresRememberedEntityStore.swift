import CastyCore
import CastyPlacement
public import CastySharding

/// Records in a table of PostgreSQL which entities run, in the transactions and under the tokens of
/// ``PostgresEntityStore``.
public final class PostgresRememberedEntityStore: RememberedEntityStore {
    private let entities: PostgresEntityStore

    init(_ entities: PostgresEntityStore) {
        self.entities = entities
    }

    /// Some of a shard's remembered entities, in the order of their bytes.
    ///
    /// Entities that were recorded under another number of shards are found by a search of the whole type, so a page
    /// may be empty and not be the last.
    public func load(
        _ shard: StoreShard, after cursor: String?, limit: Int, fence: ShardFence
    ) async throws(EntityStoreError) -> RememberedPage {
        let limit = max(1, limit)
        let statement = entities.statements.remembered(shard, after: cursor, limit: limit)
        let ids = try await entities.read([statement], of: shard.entity(""), fence)[1].texts(0)
        let here = ids.filter { StableHash.shard(of: $0, count: shard.count) == shard.number }
        return RememberedPage(here, next: ids.count == limit ? ids.last : nil)
    }

    /// Records a change.
    public func record(
        _ change: RememberedChange, in shard: StoreShard, fence: ShardFence
    ) async throws(EntityStoreError) {
        let runs =
            switch change {
            case .started: true
            case .stopped: false
            }
        try await entities.writer.change(.running(runs), shard.entity(change.entity), fence)
    }
}

extension Statements {
    /// The ids of a shard's remembered entities, and of all that were recorded under another number of shards.
    func remembered(_ shard: StoreShard, after cursor: String?, limit: Int) -> Statement {
        Statement(
            """
            SELECT id FROM \(schema)remembered
            WHERE type = $1::bytea AND (shards <> $2::int OR shard = $3::int)
                AND ($4::bytea IS NULL OR id > $4::bytea)
            ORDER BY id LIMIT $5::int
            """,
            [
                .utf8(shard.type), .number(shard.count), .number(shard.number), cursor.map { .utf8($0) } ?? .null,
                .number(limit),
            ])
    }

    /// Notes whether an entity runs, if the shard has this token. Gives one row if so.
    func note(runs: Bool, _ key: EntityKey, _ fence: ShardFence) -> Statement {
        let parameters = shard(of: key) + token(fence) + [.utf8(key.id)]
        guard runs else {
            return Statement(
                """
                WITH held AS (\(heldToken)),
                gone AS (DELETE FROM \(schema)remembered USING held WHERE type = $1::bytea AND id = $8::bytea)
                SELECT 'stopped' FROM held
                """, parameters)
        }
        return Statement(
            """
            WITH held AS (\(heldToken))
            INSERT INTO \(schema)remembered (type, id, shards, shard)
            SELECT $1::bytea, $8::bytea, $2::int, $3::int FROM held
            ON CONFLICT (type, id) DO UPDATE SET shards = excluded.shards, shard = excluded.shard
            RETURNING 'started'
            """, parameters)
    }
}

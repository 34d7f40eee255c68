import CastySharding
import Synchronization

/// The statements for remembered entities.
///
/// ## Why a change that comes late does no harm
///
/// A server may still work through a change when its client has given up the connection, and has made a later one over
/// another. So each change has a number, as a save has, and two statements in one transaction. The first replaces the
/// entity's row in `remembered_change`, on the condition that it has no later change (``order(of:_:change:)``). That row stays
/// locked to the commit. The second changes `remembered` if the row is now its own (``note(runs:_:_:change:)``). It MUST be a
/// statement of its own: at the level *read committed* it then sees what the transaction has committed for which the first
/// has waited.
///
/// Rows that are older than a day are removed now and then (``forgetOldChanges(_:)``): no statement is on its way that long.
extension Statements {
    /// How long the number of a change is remembered, in the nanoseconds that changes are counted in.
    private static let memory: UInt64 = 86_400_000_000_000

    /// The ids of a shard's remembered entities, and of all that were recorded under another number of shards.
    ///
    /// Whether there are any of the latter is asked first: a search of the whole type for each page would take long.
    func remembered(_ shard: StoreShard, after cursor: String?, limit: Int) -> Statement {
        Statement(
            """
            SELECT id FROM (
                (SELECT id FROM \(schema)remembered
                    WHERE type = $1::bytea AND shards = $2::int AND shard = $3::int AND id > $4::bytea
                    ORDER BY id LIMIT $5::int)
                UNION ALL
                (SELECT id FROM \(schema)remembered
                    WHERE type = $1::bytea AND shards <> $2::int AND id > $4::bytea
                        AND (SELECT min(shards) <> $2::int OR max(shards) <> $2::int
                            FROM \(schema)remembered WHERE type = $1::bytea)
                    ORDER BY id LIMIT $5::int)) AS found
            ORDER BY id LIMIT $5::int
            """,
            // No id is empty, so all are behind an empty one.
            [.utf8(shard.type), .number(shard.count), .number(shard.number), .utf8(cursor ?? ""), .number(limit)])
    }

    /// Gives a change of a remembered entity its turn, if the shard has this token and no later one has been made. Gives
    /// one row if so.
    func order(of key: EntityKey, _ fence: ShardFence, change: UInt64) -> Statement {
        Statement(
            """
            WITH held AS (\(heldToken))
            INSERT INTO \(schema)remembered_change AS known (type, id, up, start, sequence, change)
            SELECT $1::bytea, $8::bytea, $5::bigint, $6::bigint, $7::numeric, $9::numeric FROM held
            ON CONFLICT (type, id) DO UPDATE SET
                up = excluded.up, start = excluded.start, sequence = excluded.sequence, change = excluded.change
                WHERE (known.up, known.start, known.sequence, known.change)
                    <= (excluded.up, excluded.start, excluded.sequence, excluded.change)
            RETURNING 'ordered'
            """,
            shard(of: key) + token(fence) + [.utf8(key.id), .number(change)])
    }

    /// Removes numbers of changes that are a day older than this one, the oldest first, and twice as many as are made until
    /// the next time. One that another transaction is at is left to a later time.
    ///
    /// A statement of its own and rare, because a server that has planned it for an empty table reads the whole table each
    /// time.
    func forgetOldChanges(_ change: UInt64) -> Statement {
        Statement(
            """
            DELETE FROM \(schema)remembered_change WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM \(schema)remembered_change WHERE change < $1::numeric
                ORDER BY change LIMIT \(2 * ForgettingTurns.interval) FOR UPDATE SKIP LOCKED))
            """, [.number(change - min(change, Self.memory))])
    }

    /// Notes whether an entity runs, if it is this change's turn.
    func note(runs: Bool, _ key: EntityKey, _ fence: ShardFence, change: UInt64) -> Statement {
        let isTurn = """
            EXISTS (
                SELECT FROM \(schema)remembered_change WHERE type = $1::bytea AND id = $2::bytea
                    AND (up, start, sequence, change) = ($3::bigint, $4::bigint, $5::numeric, $6::numeric))
            """
        let parameters = [.utf8(key.type), .utf8(key.id)] + order(of: fence) + [.number(change)]
        guard runs else {
            return Statement(
                "DELETE FROM \(schema)remembered WHERE type = $1::bytea AND id = $2::bytea AND \(isTurn)", parameters)
        }
        return Statement(
            """
            INSERT INTO \(schema)remembered (type, id, shards, shard)
            SELECT $1::bytea, $2::bytea, $7::int, $8::int WHERE \(isTurn)
            ON CONFLICT (type, id) DO UPDATE SET shards = excluded.shards, shard = excluded.shard
            """, parameters + [.number(key.shards), .number(key.shard)])
    }
}

/// When a change of a remembered entity also removes old numbers.
final class ForgettingTurns: Sendable {
    /// Every how many changes.
    static let interval = 1000

    private let count = Atomic(0)

    /// Whether this change does; the first one, too, so that short runs leave nothing for ever.
    func next() -> Bool {
        count.wrappingAdd(1, ordering: .relaxed).oldValue % Self.interval == 0
    }
}

import CastyCore
import CastySharding

/// The statements for states and fencing tokens.
///
/// ## Why a former owner cannot save
///
/// The table `fence` holds one row for each shard, with the highest token of its owners. Every transaction that saves
/// a state first locks that row in share mode, on the condition that it has exactly the saver's token, and holds the lock
/// to its commit (``save(_:for:_:change:)``, ``hold(_:for:)``). A transaction that raises the token updates the row
/// (``raise(_:for:)``), and commits before its owner reads the first state. The two locks exclude each other. So, at the
/// level *read committed*:
///
/// - If the saver has the lock first, then the taker's update waits for its commit, and the taker reads the state.
/// - If the taker has it first, then the saver waits for the commit, and the server evaluates the condition again on the
///   new row. It is false now, so nothing is saved, and the saver finds no row in the answer.
/// - Of two takers the update of the second waits for that of the first, and its condition, that the row has no higher
///   token, is evaluated on the row that the first has left.
///
/// A type whose number of shards changes has other rows. The taker deletes those of the former number, which waits for
/// savers as the update does; and it is refused if one of them has a higher token. An advisory lock of the type orders
/// takers, so that none inserts a row while another deletes it.
///
/// ## Why a save that comes late does no harm
///
/// A server may still work through a save when its client has given up the connection. So each change has a number,
/// which grows from change to change, and a row is only replaced by one with a higher token, or by a later change under
/// the same token. The same save twice is one save. Events and remembered entities have conditions of their own.
///
/// ## Why a stopped process keeps no lock
///
/// A transaction is sent as a whole, with its end, so the server needs nothing more from the client to finish it. The
/// exception is a large one of which only a part has left the process when that is stopped: see ``endStopped``.
struct Statements: Hashable, Sendable {
    /// The quoted name of the schema, with a dot.
    let schema: String

    /// Locks the tokens of a type against other takers, up to the end of the transaction.
    func lockType(_ type: String) -> Statement {
        Statement(
            "SELECT pg_advisory_xact_lock(hashtext($1::text), hashtext(encode($2::bytea, 'hex')))",
            [.text(schema), .bytes(Array(type.utf8))])
    }

    /// Removes the tokens that the type had with another number of shards, unless one of them is higher.
    func dropOtherLayouts(_ fence: ShardFence, for key: EntityKey) -> Statement {
        Statement(
            """
            DELETE FROM \(schema)fence
            WHERE type = $1::bytea AND shards <> $2::int AND cluster = $3::text
                AND NOT EXISTS (
                    SELECT FROM \(schema)fence WHERE type = $1::bytea AND shards <> $2::int
                        AND (up, start, sequence) > ($4::bigint, $5::bigint, $6::numeric))
            """,
            [.bytes(Array(key.type.utf8)), .number(key.shards), .text("\(fence.cluster)")] + order(of: fence))
    }

    /// Raises the token of a shard to this one, unless it is higher, or is of another cluster. Gives one row if the token
    /// is the shard's now.
    func raise(_ fence: ShardFence, for key: EntityKey) -> Statement {
        Statement(
            """
            INSERT INTO \(schema)fence AS known (type, shards, shard, cluster, up, start, sequence)
            SELECT $1::bytea, $2::int, $3::int, $4::text, $5::bigint, $6::bigint, $7::numeric
            WHERE NOT EXISTS (SELECT FROM \(schema)fence WHERE type = $1::bytea AND shards <> $2::int)
                AND coalesce((SELECT cluster FROM \(schema)fence WHERE type = $1::bytea LIMIT 1), $4::text) = $4::text
            ON CONFLICT (type, shards, shard) DO UPDATE SET up = $5::bigint, start = $6::bigint, sequence = $7::numeric
                WHERE known.cluster = $4::text
                    AND (known.up, known.start, known.sequence) <= ($5::bigint, $6::bigint, $7::numeric)
            RETURNING 'raised'
            """, shard(of: key) + token(fence))
    }

    /// Locks the token of a shard in share mode. Gives one row if it is this one.
    func hold(_ fence: ShardFence, for key: EntityKey) -> Statement {
        Statement(
            """
            SELECT 'held' FROM \(schema)fence
            WHERE type = $1::bytea AND shards = $2::int AND shard = $3::int AND cluster = $4::text
                AND (up, start, sequence) = ($5::bigint, $6::bigint, $7::numeric)
            FOR SHARE
            """, shard(of: key) + token(fence))
    }

    /// Saves a state, or that there is none, and when the entity must run again, if the shard has this token. Gives one
    /// row if it is saved.
    func save(
        _ state: [UInt8]?, for key: EntityKey, _ fence: ShardFence, change: UInt64, wakeAt: WallTime? = nil
    ) -> Statement {
        Statement(
            """
            WITH held AS (\(heldToken))
            INSERT INTO \(schema)state AS known (type, id, state, up, start, sequence, change, wake)
            SELECT $1::bytea, $8::bytea, $9::bytea, $5::bigint, $6::bigint, $7::numeric, $10::numeric, $11::bigint
            FROM held
            ON CONFLICT (type, id) DO UPDATE SET
                state = excluded.state, up = excluded.up, start = excluded.start, sequence = excluded.sequence,
                change = excluded.change, wake = excluded.wake
                WHERE (known.up, known.start, known.sequence, known.change)
                    <= (excluded.up, excluded.start, excluded.sequence, excluded.change)
            RETURNING 'saved'
            """,
            shard(of: key) + token(fence) + [.bytes(Array(key.id.utf8)), state.map { .bytes($0) } ?? .null]
                + [.number(change), Self.time(wakeAt)])
    }

    /// Locks the token of a shard in share mode, if it is that of the first seven parameters.
    var heldToken: String {
        """
        SELECT FROM \(schema)fence
        WHERE type = $1::bytea AND shards = $2::int AND shard = $3::int AND cluster = $4::text
            AND (up, start, sequence) = ($5::bigint, $6::bigint, $7::numeric)
        FOR SHARE
        """
    }

    /// The token of a shard and the state of an entity, as they are at one moment. Gives one row: cluster and the three
    /// numbers of the token, and the state.
    func load(_ key: EntityKey) -> Statement {
        Statement(
            """
            SELECT fence.cluster, fence.up::text, fence.start::text, fence.sequence::text, state.state
            FROM (VALUES (1)) AS one
            LEFT JOIN \(schema)fence AS fence
                ON fence.type = $1::bytea AND fence.shards = $2::int AND fence.shard = $3::int
            LEFT JOIN \(schema)state AS state ON state.type = $1::bytea AND state.id = $4::bytea
            """, shard(of: key) + [.bytes(Array(key.id.utf8))])
    }

    /// The highest token that a call for the shard must not be below, and its cluster. Gives at most one row.
    func highest(for key: EntityKey) -> Statement {
        Statement(
            """
            SELECT cluster, up::text, start::text, sequence::text FROM \(schema)fence AS fence
            WHERE type = $1::bytea AND (shards <> $2::int OR shard = $3::int)
            ORDER BY fence.up DESC, fence.start DESC, fence.sequence DESC LIMIT 1
            """, shard(of: key))
    }

    /// The cluster of the tokens of a type. Gives at most one row.
    func cluster(of type: String) -> Statement {
        Statement("SELECT cluster FROM \(schema)fence WHERE type = $1::bytea LIMIT 1", [.bytes(Array(type.utf8))])
    }

    /// The highest number of a coordinator that any token has.
    var highestUpNumber: Statement { Statement("SELECT coalesce(max(up), 0)::text FROM \(schema)fence") }

    /// Ends the sessions that wait in a transaction for their client, though transactions are sent as a whole: their
    /// process was stopped while it sent one.
    ///
    /// Only sessions of this role and this program are ended, and none that has waited for less than a second.
    var endStopped: Statement {
        Statement(
            """
            SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
            WHERE datname = current_database() AND usename = current_user AND application_name = 'casty'
                AND pid <> pg_backend_pid() AND wait_event = 'ClientRead'
                AND xact_start < clock_timestamp() - interval '1 second'
            """)
    }

    func shard(of key: EntityKey) -> [Parameter] {
        [.bytes(Array(key.type.utf8)), .number(key.shards), .number(key.shard)]
    }

    func token(_ fence: ShardFence) -> [Parameter] { [.text("\(fence.cluster)")] + order(of: fence) }

    func order(of fence: ShardFence) -> [Parameter] {
        [.number(fence.upNumber), .number(fence.start), .number(fence.sequence)]
    }
}

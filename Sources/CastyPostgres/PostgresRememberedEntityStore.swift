import CastyCore
import CastyPlacement
public import CastySharding
import Dispatch

/// Records in a table of PostgreSQL which entities run.
///
/// All changes that wait at the same time share one transaction, and are answered when it is on the server's disk. A
/// change that is answered with an error whose outcome is unknown is made again by the runtime, and may be made twice.
public final class PostgresRememberedEntityStore: RememberedEntityStore {
    private struct Change: Sendable {
        let statement: Statement
        let deadline: DispatchTime
        let completion: @Sendable (Result<Void, EntityStoreError>) -> Void
    }

    private let lane: PostgresLane
    private let table: String
    private let limit: Duration
    private let changes: Batches<Change>

    init(_ lane: PostgresLane, _ schema: Schema, limit: Duration) {
        (self.lane, self.limit) = (lane, limit)
        table = schema.prefix + "remembered"
        changes = Batches(lane, limit: 256) { Self.write($0, lane) }
    }

    /// The ids of a shard's remembered entities, in order.
    public func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void
    ) {
        let deadline = DispatchTime.after(limit)
        lane.begin {
            do throws(PostgresError) {
                completion(.success(try self.ids(type, shard, of: count, by: deadline)))
            } catch {
                completion(.failure(error.storeError(isChange: false)))
            }
        }
    }

    /// Records a change.
    public func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void
    ) {
        let statement =
            switch change {
            case .started(let id): insert(id, type, shard, of: count)
            case .stopped(let id):
                Statement(
                    "DELETE FROM \(table) WHERE type = $1::bytea AND id = $2::bytea", [.utf8(type), .utf8(id)])
            }
        changes.add(Change(statement: statement, deadline: .after(limit), completion: completion))
    }

    private func insert(_ id: String, _ type: String, _ shard: Int, of count: Int) -> Statement {
        Statement(
            """
            INSERT INTO \(table) (type, id, shards, shard) VALUES ($1::bytea, $2::bytea, $3::int, $4::int)
            ON CONFLICT (type, id) DO UPDATE SET shards = excluded.shards, shard = excluded.shard
            """, [.utf8(type), .utf8(id), .number(count), .number(shard)])
    }

    private static func write(_ changes: [Change], _ lane: PostgresLane) {
        do throws(PostgresError) {
            try lane.run(changes.map(\.statement), by: changes.map(\.deadline).max() ?? .now())
            for change in changes { change.completion(.success(())) }
        } catch {
            if changes.count > 1, error.state != nil, !error.endsConnection {
                for change in changes { write([change], lane) }
            } else {
                for change in changes { change.completion(.failure(error.storeError(isChange: true))) }
            }
        }
    }

    private func ids(
        _ type: String, _ shard: Int, of count: Int, by deadline: DispatchTime
    ) throws(PostgresError) -> [String] {
        // Rows that were written under another number of shards get the present one first.
        let others = try lane.run(
            [
                Statement(
                    "SELECT id FROM \(table) WHERE type = $1::bytea AND shards <> $2::int",
                    [.utf8(type), .number(count)])
            ], by: deadline)[0]
        if !others.isEmpty {
            let sorted = others.texts(0).map { id in
                Statement(
                    """
                    UPDATE \(table) SET shards = $3::int, shard = $4::int
                    WHERE type = $1::bytea AND id = $2::bytea
                    """, [.utf8(type), .utf8(id), .number(count), .number(StableHash.shard(of: id, count: count))])
            }
            try lane.run(sorted, by: deadline)
        }
        return try lane.run(
            [
                Statement(
                    """
                    SELECT id FROM \(table) WHERE type = $1::bytea AND shards = $2::int AND shard = $3::int ORDER BY id
                    """, [.utf8(type), .number(count), .number(shard)])
            ], by: deadline)[0].texts(0)
    }
}

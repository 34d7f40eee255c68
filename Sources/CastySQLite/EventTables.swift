import CastyPlacement
import CastySharding
import GRDB

/// The log of one file: statements on its tables.
enum EventTables {
    static func create(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS event (
                    row INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, type BLOB NOT NULL, id BLOB NOT NULL,
                    number INTEGER NOT NULL, shards INTEGER NOT NULL, shard INTEGER NOT NULL, payload BLOB NOT NULL,
                    manifest BLOB NOT NULL, version INTEGER NOT NULL, tags BLOB NOT NULL, cluster TEXT NOT NULL,
                    up INTEGER NOT NULL, start INTEGER NOT NULL, sequence INTEGER NOT NULL, sum INTEGER NOT NULL);
                CREATE INDEX IF NOT EXISTS event_by_entity ON event (type, id, number) WHERE kind = 0;
                CREATE INDEX IF NOT EXISTS deletion_by_entity ON event (type, id, number) WHERE kind = 1;
                CREATE INDEX IF NOT EXISTS takeover_by_shard ON event (type, shards, shard) WHERE kind = 2;
                CREATE TABLE IF NOT EXISTS event_tag (
                    tag BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (tag, row)) WITHOUT ROWID;
                """)
    }

    /// Whether the file has a log: one of a process that runs an earlier version of the program has none.
    static func exist(_ database: Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'event'")
        return try Int64.fetchOne(statement) != nil
    }

    /// The place of the last row that was ever written.
    static func end(_ database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'")
        return try Int64.fetchOne(statement) ?? 0
    }

    /// The takeovers that an entity's rows may be judged by, in any layout of its type.
    static func takeovers(type: String, id: String, _ database: Database) throws -> [EventRow] {
        let counts = try database.cachedStatement(
            sql: "SELECT DISTINCT shards FROM event WHERE kind = 2 AND type = ?")
        var rows: [EventRow] = []
        for count in try Int.fetchAll(counts, arguments: [type.stored]) where count > 0 {
            let key = EntityKey(type: type, id: id, shards: count)
            let statement = try database.cachedStatement(
                sql: "SELECT \(EventRow.columns) FROM event WHERE kind = 2 AND type = ? AND shards = ? AND shard = ?")
            rows += try Row.fetchAll(statement, arguments: [type.stored, count, key.shard]).map { try EventRow($0) }
        }
        return rows
    }

    /// The first events of an entity above a number that count.
    static func events(
        type: String, id: String, after number: UInt64, limit: Int, _ database: Database,
        where counts: (EventRow) -> Bool
    ) throws -> [EventRow] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(EventRow.columns) FROM event WHERE kind = 0 AND type = ? AND id = ? AND number > ?
                ORDER BY number
                """)
        let rows = try Row.fetchCursor(
            statement, arguments: [type.stored, id.stored, Int64(clamping: number)])
        var found: [EventRow] = []
        while found.count < limit, let row = try rows.next() {
            let row = try EventRow(row)
            if counts(row) { found.append(row) }
        }
        return found
    }

    /// The row of a kind with an entity's highest number that counts.
    static func last(
        _ kind: EventRow.Kind, type: String, id: String, _ database: Database, where counts: (EventRow) -> Bool
    ) throws -> EventRow? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(EventRow.columns) FROM event WHERE kind = \(kind.rawValue) AND type = ? AND id = ?
                ORDER BY number DESC
                """)
        let rows = try Row.fetchCursor(statement, arguments: [type.stored, id.stored])
        while let row = try rows.next() {
            let row = try EventRow(row)
            if counts(row) { return row }
        }
        return nil
    }

    /// Removes an entity's events up to a number, and its earlier deletions, from this file.
    static func remove(type: String, id: String, through number: UInt64, _ database: Database) throws {
        for sql in [
            """
            DELETE FROM event_tag WHERE (tag, row) IN (SELECT tag, event_tag.row FROM event JOIN event_tag
                ON event_tag.row = event.row WHERE kind = 0 AND type = ? AND id = ? AND number <= ?)
            """,
            "DELETE FROM event WHERE kind = 0 AND type = ? AND id = ? AND number <= ?",
        ] {
            try database.cachedStatement(sql: sql).execute(
                arguments: [type.stored, id.stored, Int64(clamping: number)])
        }
    }

    /// The first events after a place in the log that match a filter, counted or not.
    static func matches(
        _ filter: EventFilter, after row: Int64, limit: Int, _ database: Database
    ) throws -> [EventRow] {
        var (sql, arguments) = (
            "SELECT \(EventRow.columns) FROM event WHERE kind = 0 AND row > ?", [row] as StatementArguments
        )
        if let type = filter.type {
            sql += " AND type = ?"
            arguments += [type.stored]
        }
        if let entity = filter.entity {
            sql += " AND id = ?"
            arguments += [entity.stored]
        }
        if let tag = filter.tag {
            sql += " AND row IN (SELECT row FROM event_tag WHERE tag = ? AND row > ?)"
            arguments += [tag.stored, row]
        }
        sql += " ORDER BY row LIMIT ?"
        arguments += [limit]
        return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments).map { try EventRow($0) }
    }
}

/// Which rows about one entity count: see ``EventRow``.
struct Takeovers {
    private struct Takeover {
        let file: Int
        let fence: ShardFence
        let shards: Int
        let seen: LogPositions
    }

    /// Those that count, the highest token first.
    private var counting: [Takeover] = []

    init(_ rows: [(file: Int, row: EventRow)]) throws(EntityStoreError) {
        let sorted = rows.sorted { first, second in
            if first.row.fence == second.row.fence { return first.file < second.file }
            return second.row.fence.isSuperseded(by: first.row.fence)
        }
        for (file, row) in sorted where counts(row, in: file) {
            guard let seen = LogPositions(String(decoding: row.payload, as: UTF8.self)) else {
                throw EntityStoreError(.corrupt, "a takeover does not say what it has seen")
            }
            counting.append(Takeover(file: file, fence: row.fence, shards: row.shards, seen: seen))
        }
    }

    /// The highest token that has taken the entity over.
    var highest: ShardFence? { counting.first?.fence }

    /// The number of shards in the layout of that takeover.
    var shards: Int? { counting.first?.shards }

    /// Whether every later owner has seen a row.
    func counts(_ row: EventRow, in file: Int) -> Bool {
        for takeover in counting where takeover.file != file && row.fence.isSuperseded(by: takeover.fence) {
            if row.row > takeover.seen[file] { return false }
        }
        return true
    }

    /// What the owner that wrote a row had seen of other files.
    func seen(by row: EventRow, in file: Int) -> LogPositions {
        counting.first { $0.file == file && $0.fence == row.fence }?.seen ?? LogPositions()
    }
}

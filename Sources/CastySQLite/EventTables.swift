import CastySharding
import GRDB

/// The tables of a file's events.
enum EventTables {
    static func create(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS event (
                    row INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, type BLOB NOT NULL, id BLOB NOT NULL,
                    number INTEGER NOT NULL, shards INTEGER NOT NULL, shard INTEGER NOT NULL, payload BLOB NOT NULL,
                    manifest BLOB NOT NULL, version INTEGER NOT NULL, tags BLOB NOT NULL, cluster TEXT NOT NULL,
                    up INTEGER NOT NULL, start INTEGER NOT NULL, sequence INTEGER NOT NULL, sum INTEGER NOT NULL,
                    log INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL DEFAULT 0);
                """)
        for column in ["log", "place"] where try !database.columns(in: "event").contains(where: { $0.name == column }) {
            try database.execute(sql: "ALTER TABLE event ADD COLUMN \(column) INTEGER NOT NULL DEFAULT 0")
        }
        try database.execute(
            sql: """
                CREATE INDEX IF NOT EXISTS event_by_entity ON event (type, id, number) WHERE kind = 0;
                CREATE INDEX IF NOT EXISTS deletion_by_entity ON event (type, id, number) WHERE kind = 1;
                CREATE INDEX IF NOT EXISTS takeover_by_shard ON event (type, shards, shard) WHERE kind = 2;
                CREATE INDEX IF NOT EXISTS logged_wake_by_entity ON event (type, id) WHERE kind = 3;
                CREATE INDEX IF NOT EXISTS logged_wake_by_time ON event (type, number, id) WHERE kind = 3;
                CREATE UNIQUE INDEX IF NOT EXISTS event_by_log ON event (log, place) WHERE log <> 0;
                CREATE TABLE IF NOT EXISTS event_tag (
                    tag BLOB NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (tag, row)) WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS adopted_log (log INTEGER PRIMARY KEY, last INTEGER NOT NULL);
                """)
    }

    /// The number that the next row of the table gets; none is given twice.
    static func nextRow(_ database: Database) throws -> Int64 {
        let statement = try database.cachedStatement(
            sql: """
                SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0),
                    ifnull((SELECT max(row) FROM event), 0)) + 1
                """)
        return try Int64.fetchOne(statement) ?? 1
    }

    /// Removes an entity's events up to a number, and its deletions below another, from this file.
    static func remove(
        type: String, id: String, through number: UInt64, deletionsBelow deletion: UInt64, _ database: Database
    ) throws {
        try database.cachedStatement(
            sql: """
                DELETE FROM event_tag WHERE (tag, row) IN (SELECT tag, event_tag.row FROM event JOIN event_tag
                    ON event_tag.row = event.row WHERE kind = 0 AND type = ? AND id = ? AND number <= ?)
                """
        ).execute(arguments: [type.stored, id.stored, Int64(clamping: number)])
        try database.cachedStatement(sql: "DELETE FROM event WHERE kind = 0 AND type = ? AND id = ? AND number <= ?")
            .execute(arguments: [type.stored, id.stored, Int64(clamping: number)])
        try database.cachedStatement(sql: "DELETE FROM event WHERE kind = 1 AND type = ? AND id = ? AND number < ?")
            .execute(arguments: [type.stored, id.stored, Int64(clamping: deletion)])
    }

    /// Removes an entity's times before a row of this file.
    static func removeWakes(of key: EntityKey, before row: Int64, _ database: Database) throws {
        try database.cachedStatement(sql: "DELETE FROM event WHERE kind = 3 AND type = ? AND id = ? AND row < ?")
            .execute(arguments: [key.type.stored, key.id.stored, row])
    }

    /// Removes rows by their numbers in the table.
    static func remove(rows: [Int64], _ database: Database) throws {
        for row in rows {
            for sql in [
                """
                DELETE FROM event_tag WHERE (tag, row) IN (SELECT tag, event_tag.row FROM event JOIN event_tag
                    ON event_tag.row = event.row WHERE event.row = ?)
                """, "DELETE FROM event WHERE row = ?",
            ] {
                try database.cachedStatement(sql: sql).execute(arguments: [row])
            }
        }
    }

    /// Notes how far a log that other files had has come, whether or not rows of it are left.
    static func raise(end: Int64, of log: Int, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO adopted_log (log, last) VALUES (?, ?)
                ON CONFLICT (log) DO UPDATE SET last = max(last, excluded.last)
                """, arguments: [log, end])
    }

    /// Lets the file's own log go on after an index.
    static func goOn(after end: Int64, _ database: Database) throws {
        try database.execute(sql: "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'event'", arguments: [end])
        guard database.changesCount == 0 else { return }
        try database.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES ('event', ?)", arguments: [end])
    }
}

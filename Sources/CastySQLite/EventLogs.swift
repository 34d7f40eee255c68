import CastyCore
import CastyPlacement
import CastySharding
import GRDB

/// The logs in one file, as a transaction has them: that of its slot, and those that it has taken over.
struct EventLogs {
    /// The number of the file's slot, and of its own log.
    let file: Int
    let database: Database
    let hasLogs: Bool
    private let hasWakes: Bool
    let columns: String

    /// The logs of a file with the present tables.
    init(present file: Int, _ database: Database) {
        (self.file, self.database) = (file, database)
        (hasLogs, hasWakes) = (true, true)
        columns = EventRow.columns(hasLogs: true)
    }

    /// Whether the file has the present tables, and so will have them as long as it is there.
    var isPresent: Bool { hasWakes }

    /// `nil` where the file has no log: one of a process that ran an early version of the program has none.
    init?(file: Int, _ database: Database) throws {
        (self.file, self.database) = (file, database)
        let statement = try database.cachedStatement(
            sql: "SELECT count(*) FROM pragma_table_info('event') WHERE name IN ('row', 'log')")
        let count = try Int64.fetchOne(statement) ?? 0
        guard count > 0 else { return nil }
        hasLogs = count == 2
        columns = EventRow.columns(hasLogs: hasLogs)
        let index = try database.cachedStatement(
            sql: "SELECT count(*) FROM sqlite_schema WHERE name = 'logged_wake_by_time'")
        hasWakes = try Int64.fetchOne(index) == 1
    }

    /// Reads rows until the body wants no more.
    private func each(
        _ sql: String, _ arguments: StatementArguments = [], _ body: (EventRow) throws -> Bool
    ) throws {
        let statement = try database.cachedStatement(sql: sql)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        let row = StatementRow(statement)
        var reader = EventRowReader(file: file)
        while try rows.next() != nil, try body(reader.read(row)) {}
    }

    func all(_ sql: String, _ arguments: StatementArguments = []) throws -> [EventRow] {
        var found: [EventRow] = []
        try each(sql, arguments) {
            found.append($0)
            return true
        }
        return found
    }

    /// How far each log was ever written, as far as this file knows.
    func ends() throws -> LogPositions {
        var ends = LogPositions()
        ends[file] = try EventTables.nextRow(database) - 1
        guard hasLogs else { return ends }
        let adopted = try database.cachedStatement(sql: "SELECT log, last FROM adopted_log")
        for row in try Row.fetchAll(adopted) {
            let log = Int(clamping: try row.number(0))
            ends[log] = max(ends[log], try row.number(1))
        }
        return ends
    }

    /// Rows of all kinds and logs, in the order of the table.
    func rows(after stored: Int64, _ body: (EventRow) throws -> Bool) throws {
        try each("SELECT \(columns) FROM event WHERE row > ? ORDER BY row", [stored], body)
    }

    /// All takeovers.
    func takeovers() throws -> [EventRow] {
        try all("SELECT \(columns) FROM event WHERE kind = 2")
    }

    /// The first entities behind a cursor of which there are events, counted or not, by type and id as they are stored.
    func entitiesWithEvents(
        after last: (type: String, id: String)?, limit: Int
    ) throws -> [(type: String, id: String)] {
        try entities(of: .event, after: last, limit: limit)
    }

    /// The first entities behind a cursor of which events were deleted, by type and id as they are stored.
    func entitiesWithDeletions(
        after last: (type: String, id: String)?, limit: Int
    ) throws -> [(type: String, id: String)] {
        try entities(of: .deletion, after: last, limit: limit)
    }

    /// The numbers in the table of an entity's first events up to a number, and of its deletions below it.
    func rows(type: String, id: String, coveredBy number: UInt64, limit: Int) throws -> [Int64] {
        var found: [Int64] = []
        for part in [
            "kind = 0 AND type = ? AND id = ? AND number <= ?", "kind = 1 AND type = ? AND id = ? AND number < ?",
        ] {
            let statement = try database.cachedStatement(
                sql: "SELECT row FROM event WHERE \(part) ORDER BY number LIMIT ?")
            found += try Int64.fetchAll(
                statement, arguments: [type.stored, id.stored, Int64(clamping: number), limit - found.count])
        }
        return found
    }

    /// The takeovers that an entity's rows may be judged by, in any layout of its type.
    func takeovers(type: String, id: String) throws -> [EventRow] {
        let counts = try database.cachedStatement(
            sql: "SELECT DISTINCT shards FROM event WHERE kind = 2 AND type = ?")
        var rows: [EventRow] = []
        for count in try Int.fetchAll(counts, arguments: [type.stored]) where count > 0 {
            let key = EntityKey(type: type, id: id, shards: count)
            rows += try all(
                "SELECT \(columns) FROM event WHERE kind = 2 AND type = ? AND shards = ? AND shard = ?",
                [type.stored, count, key.shard])
        }
        return rows
    }

    /// The times that were set for an entity, and that it was given none any more; counted or not.
    func wakes(type: String, id: String) throws -> [EventRow] {
        guard hasWakes else { return [] }
        return try all("SELECT \(columns) FROM event WHERE kind = 3 AND type = ? AND id = ?", [type.stored, id.stored])
    }

    /// The first entities behind a cursor for which times were set, by type and id as they are stored.
    func entitiesWithWakes(
        after last: (type: String, id: String)? = nil, limit: Int = .max
    ) throws -> [(type: String, id: String)] {
        guard hasWakes else { return [] }
        return try entities(of: .wake, after: last, limit: limit)
    }

    private func entities(
        of kind: EventRow.Kind, after last: (type: String, id: String)?, limit: Int
    ) throws -> [(type: String, id: String)] {
        let (type, isAbove) = String.bound(above: last?.type)
        let statement = try database.cachedStatement(
            sql: """
                SELECT DISTINCT type, id FROM event WHERE kind = \(kind.rawValue) AND (type, id) \(isAbove) (?, ?)
                ORDER BY type, id LIMIT ?
                """)
        let arguments: StatementArguments = [type, last?.id.stored.databaseValue ?? type, limit]
        return try Row.fetchAll(statement, arguments: arguments).map { (try $0.text(0), try $0.text(1)) }
    }

    /// The times of a type's entities up to one and behind a cursor, counted or not, by time and then by stored id, and
    /// at most `limit` of them.
    func wakes(
        of type: String, through time: WallTime, after cursor: EntityWake, limit: Int
    ) throws -> [EntityWake] {
        guard hasWakes else { return [] }
        return try all(
            """
            SELECT \(columns) FROM event
            WHERE kind = 3 AND type = ? AND number <= ? AND (number, id) > (?, ?) AND length(payload) > 0
            ORDER BY number, id LIMIT ?
            """, [type.stored, time.milliseconds, cursor.at.milliseconds, cursor.id.stored, limit]
        ).compactMap { row in row.wakeAt.map { EntityWake(at: $0, id: row.id) } }
    }

    /// The first events of an entity above a number that count.
    func events(
        type: String, id: String, after number: UInt64, limit: Int,
        where counts: (EventRow) -> Bool
    ) throws -> [EventRow] {
        var found: [EventRow] = []
        try each(
            "SELECT \(columns) FROM event WHERE kind = 0 AND type = ? AND id = ? AND number > ? ORDER BY number",
            [type.stored, id.stored, Int64(clamping: number)]
        ) { row in
            if counts(row) { found.append(row) }
            return found.count < limit
        }
        return found
    }

    /// The row of a kind with an entity's highest number that counts.
    func last(
        _ kind: EventRow.Kind, type: String, id: String, where counts: (EventRow) -> Bool
    ) throws -> EventRow? {
        var found: EventRow?
        try each(
            """
            SELECT \(columns) FROM event WHERE kind = \(kind.rawValue) AND type = ? AND id = ?
            ORDER BY number DESC
            """, [type.stored, id.stored]
        ) { row in
            if counts(row) { found = row }
            return found == nil
        }
        return found
    }
}

import CastyCore
import CastySharding
import Foundation
import GRDB

/// Rows of a file, page by page, for the one who takes them over.
extension StateFile {
    /// Bounds what one transaction of the new file takes: 256 rows, or a little more than a mebibyte.
    private static let (rowLimit, byteLimit) = (256, 1 << 20)

    /// The state of an entity with its token and the time at which it must run again.
    struct StateRow {
        let key: EntityKey
        let state: [UInt8]?
        let fence: ShardFence
        let wakeAt: WallTime?
    }

    /// The states after a key, by type and id as they are stored.
    func states(after last: StateRow?) throws(EntityStoreError) -> [StateRow] {
        try read { database in
            let columns = Self.entityColumns.split(separator: ", ").map { "entity.\($0)" }.joined(separator: ", ")
            var size = 0
            return try Self.page(
                "\(columns), wake.at, wake.sum FROM entity LEFT JOIN wake USING (type, id)", of: "entity",
                after: last?.key, database
            ) { row in
                let entity = try row.checkedEntity()
                size += entity.state?.count ?? 0
                let state = StateRow(
                    key: EntityKey(type: entity.type, id: entity.id, shard: 0, of: 1), state: entity.state,
                    fence: entity.fence, wakeAt: try row.wake(8, of: entity.id, entity.type)?.at)
                return (state, size < Self.byteLimit)
            }
        } ?? []
    }

    /// Whether an entity runs, with the token of who said so.
    struct RunningRow {
        let key: EntityKey
        let runs: Bool
        let fence: ShardFence
    }

    /// What the file says of which entities run, after a key.
    func running(after last: RunningRow?) throws(EntityStoreError) -> [RunningRow] {
        try read { database in
            try Self.page("\(Self.rememberedColumns) FROM remembered", of: "remembered", after: last?.key, database) {
                let (row, key) = (try $0.rememberedRow(), try $0.rememberedKey())
                guard let fence = row.fence else { throw EntityStoreError(.corrupt, "a row has no token") }
                return (RunningRow(key: key, runs: row.runs, fence: fence), true)
            }
        } ?? []
    }

    private static func page<Found>(
        _ sql: String, of table: String, after last: EntityKey?, _ database: Database,
        _ body: (Row) throws -> (row: Found, wantsMore: Bool)
    ) throws -> [Found] {
        let (type, isAbove) = String.bound(above: last?.type)
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(sql) WHERE (\(table).type, \(table).id) \(isAbove) (?, ?)
                ORDER BY \(table).type, \(table).id LIMIT \(rowLimit)
                """)
        let rows = try Row.fetchCursor(statement, arguments: [type, last?.id.stored.databaseValue ?? type])
        var found: [Found] = []
        while let row = try rows.next() {
            let (one, wantsMore) = try body(row)
            found.append(one)
            if !wantsMore { break }
        }
        return found
    }

    /// Rows of all logs after one of the file.
    func logRows(after row: EventRow?) throws(EntityStoreError) -> [EventRow] {
        try read { database in
            var (found, size): ([EventRow], Int) = ([], 0)
            try EventLogs(file: number, database)?.rows(after: row?.storedRow ?? 0) { row in
                found.append(row)
                size += row.payload.count
                return found.count < Self.rowLimit && size < Self.byteLimit
            }
            return found
        } ?? []
    }

    /// How far the file knows each log.
    func logEnds() throws(EntityStoreError) -> LogPositions {
        try read { try EventLogs(file: number, $0)?.ends() } ?? LogPositions()
    }

    // MARK: Writing, inside a transaction

    /// Takes over a token, unless the file has a higher one of the shard.
    static func adopt(_ fence: ShardFence, for key: EntityKey, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT cluster, up, start, sequence FROM fence WHERE type = ? AND shards = ? AND shard = ?")
        let row = try Row.fetchOne(statement, arguments: [key.type.stored, key.shards, key.shard])
        if try supersedes(row?.fence(0), fence) { try raise(fence, for: key, database) }
    }

    /// Takes over a state and its time, unless the file has a later one.
    static func adopt(_ row: StateRow, _ database: Database) throws {
        guard try supersedes(token(of: row.key.id, type: row.key.type, in: .states, database), row.fence) else {
            return
        }
        try put(row.state, for: row.key, row.fence, database)
        try setWake(row.wakeAt, for: row.key, database)
    }

    /// Takes over whether an entity runs, unless the file has a later word.
    static func adopt(_ row: RunningRow, _ database: Database) throws {
        let known = try token(of: row.key.id, type: row.key.type, in: .running, database)
        if try supersedes(known, row.fence) { try note(runs: row.runs, row.key, row.fence, database) }
    }

    private static func supersedes(_ known: ShardFence?, _ fence: ShardFence) throws -> Bool {
        guard let known else { return true }
        guard known.cluster == fence.cluster else { throw EntityStoreError.foreign(known, fence) }
        return known.isSuperseded(by: fence)
    }
}

extension StateFile {
    /// The tables that have one row for each entity.
    enum EntityTable: String, CaseIterable {
        case states = "entity"
        case running = "remembered"
    }

    /// The token of an entity's row.
    static func token(
        of id: String, type: String, in table: EntityTable, _ database: Database
    ) throws -> ShardFence? {
        let statement = try database.cachedStatement(
            sql: "SELECT cluster, up, start, sequence FROM \(table.rawValue) WHERE type = ? AND id = ?")
        return try Row.fetchOne(statement, arguments: [type.stored, id.stored])?.fence(0)
    }

    /// The token of an entity's row; `nil` without one, or in a file of an early version without the table.
    func token(of id: String, type: String, in table: EntityTable) throws(EntityStoreError) -> ShardFence? {
        try read { database in
            guard try database.tableExists(table.rawValue) else { return nil }
            return try Self.token(of: id, type: type, in: table, database)
        }
    }

    /// The keys and tokens of a table's rows after a key; at most `limit` of them.
    func tokens(
        in table: EntityTable, after last: (type: String, id: String)?, limit: Int
    ) throws(EntityStoreError) -> [(type: String, id: String, fence: ShardFence)] {
        try read { database in
            let (type, isAbove) = String.bound(above: last?.type)
            let statement = try database.cachedStatement(
                sql: """
                    SELECT type, id, cluster, up, start, sequence FROM \(table.rawValue)
                    WHERE (type, id) \(isAbove) (?, ?) ORDER BY type, id LIMIT ?
                    """)
            let arguments: StatementArguments = [type, last?.id.stored.databaseValue ?? type, limit]
            return try Row.fetchAll(statement, arguments: arguments).map {
                (try $0.text(0), try $0.text(1), try $0.fence(2))
            }
        } ?? []
    }

    /// Removes a row that still has a token, inside a transaction.
    static func remove(
        _ id: String, type: String, _ fence: ShardFence, from table: EntityTable, _ database: Database
    ) throws {
        guard try token(of: id, type: type, in: table, database) == fence else { return }
        let statement = try database.cachedStatement(sql: "DELETE FROM \(table.rawValue) WHERE type = ? AND id = ?")
        try statement.execute(arguments: [type.stored, id.stored])
        if table == .states {
            try database.cachedStatement(sql: "DELETE FROM wake WHERE type = ? AND id = ?")
                .execute(arguments: [type.stored, id.stored])
        }
    }
}

import CastyCore
import CastySharding
import Foundation
import GRDB

/// When entities must run again: one row for each whose state in this file says so. For those that have events the logs
/// say it, see ``LoggedWakes``.
extension StateFile {
    /// The table, and the index in whose order its pages are read.
    static let wakeTable = """
        CREATE TABLE IF NOT EXISTS wake (
            type BLOB NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL,
            PRIMARY KEY (type, id)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS wake_by_time ON wake (type, at, id);

        """

    /// The rows of a type up to a time and behind a cursor, by time and then by stored id, and at most `limit` of them.
    func wakes(
        of type: String, through time: WallTime, after cursor: EntityWake?, limit: Int
    ) throws(EntityStoreError) -> [EntityWake] {
        try read { database in
            // The file of a process of an earlier version has no such table.
            guard try database.tableExists("wake") else { return nil }
            let statement = try database.cachedStatement(
                sql: """
                    SELECT id, at, sum FROM wake WHERE type = ? AND at <= ? AND (at, id) > (?, ?)
                    ORDER BY at, id LIMIT ?
                    """)
            // Nothing is stored before the lowest time.
            let start = cursor ?? EntityWake(at: WallTime(milliseconds: .min), id: "")
            let rows = try Row.fetchAll(
                statement,
                arguments: [type.stored, time.milliseconds, start.at.milliseconds, start.id.stored, limit])
            return try rows.map { row in
                guard let wake = try row.wake(1, of: try row.text(0), type) else {
                    throw EntityStoreError(.corrupt, "a row has no time")
                }
                return wake
            }
        } ?? []
    }

    /// Whether any entity's state here says when it must run again.
    func hasWakes() throws(EntityStoreError) -> Bool {
        try read { try Int64.fetchOne($0, sql: "SELECT 1 FROM wake LIMIT 1") != nil } ?? true
    }

    /// Sets or removes the time of an entity; inside the transaction that writes its state.
    static func setWake(_ time: WallTime?, for key: EntityKey, _ database: Database) throws {
        guard let time else {
            let statement = try database.cachedStatement(sql: "DELETE FROM wake WHERE type = ? AND id = ?")
            return try statement.execute(arguments: [key.type.stored, key.id.stored])
        }
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO wake (type, id, at, sum) VALUES (?, ?, ?, ?)")
        try statement.execute(
            arguments: [
                key.type.stored, key.id.stored, time.milliseconds,
                sum(of: EntityWake(at: time, id: key.id), key.type),
            ])
    }

    static func sum(of wake: EntityWake, _ type: String) -> Int64 {
        checksum(type: type, id: wake.id, state: Data("wake \(wake.at.milliseconds)".utf8))
    }
}

extension Row {
    /// A time and its checksum; `nil` where there is none.
    func wake(_ column: Int, of id: String, _ type: String) throws(EntityStoreError) -> EntityWake? {
        if self[column] == nil { return nil }
        let wake = EntityWake(at: WallTime(milliseconds: try number(column)), id: id)
        guard try number(column + 1) == StateFile.sum(of: wake, type) else {
            throw EntityStoreError(
                .corrupt, "the time at which \(id) must run is not what was saved: its checksum is wrong")
        }
        return wake
    }
}

extension StateSources {
    /// The entities of a type that must run at a time or before, as the newest state of each has it.
    func wakes(
        of type: String, through time: WallTime, after: EntityWake?, limit: Int
    ) throws(EntityStoreError) -> [EntityWake] {
        try refresh()
        var (found, cursor): ([EntityWake], EntityWake?) = ([], after)
        var logged = LoggedWakes(type: type, sources: self)
        while found.count < limit {
            // From the file of a state, or from a log.
            var page: [(wake: EntityWake, file: StateFile?)] = []
            for file in all {
                for wake in try file.wakes(of: type, through: time, after: cursor, limit: limit) {
                    page.append((wake, file))
                }
            }
            for wake in try logged.page(through: time, after: cursor, limit: limit) { page.append((wake, nil)) }
            // Each file has given its first ones, so the first of all are among them.
            let first = page.sorted { $0.wake < $1.wake }.prefix(limit)
            for (wake, file) in first where found.count < limit {
                // While a row is copied, two files have it.
                if found.last == wake { continue }
                cursor = wake
                let isValid = if let file { try isLatest(wake.id, type, in: file) } else { try logged.isValid(wake) }
                if isValid { found.append(wake) }
            }
            if page.count < limit { break }
        }
        return found
    }

    /// Whether no other file has the entity under a higher token.
    private func isLatest(_ id: String, _ type: String, in file: StateFile) throws(EntityStoreError) -> Bool {
        guard let token = try file.token(of: id, type: type, in: .states) else { return false }
        for other in all where other.path != file.path {
            if let known = try other.token(of: id, type: type, in: .states), token.isSuperseded(by: known) {
                return false
            }
        }
        return true
    }
}

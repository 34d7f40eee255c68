import CastyCore
public import CastySharding
import Foundation
import GRDB

extension SQLiteFolder {
    /// What a check has found in one file.
    public struct FileReport: Hashable, Sendable {
        /// The name of the file in the folder.
        public let name: String
        /// The version of its tables; 0 if it could not be read, or has no tables yet.
        public var version = 0
        /// The rows of entities' states, of those that were deleted too.
        public var states = 0
        /// The rows of fencing tokens.
        public var tokens = 0
        /// The rows that say whether an entity runs.
        public var remembered = 0
        /// The times at which entities must run again, beside states and in logs.
        public var wakes = 0
        /// The rows of logs: events, deletions, takeovers and times.
        public var events = 0
        /// What is wrong, in words; at most ``problemLimit`` of them.
        public var problems: [String] = []
        /// How much is wrong.
        public var problemCount = 0

        /// The most problems of a file that are put into words.
        public static let problemLimit = 20

        mutating func add(_ problem: String) {
            problemCount += 1
            if problems.count < Self.problemLimit { problems.append(problem) }
        }
    }

    /// Checks every file: its pages, and the checksum of every state, token, remembered entity, time of a reminder and row
    /// of a log, and that each time belongs to a state and each tag to an event.
    ///
    /// Each file is read as it was at one moment, while nodes may write on.
    ///
    /// - Throws: ``EntityStoreError`` if the folder itself cannot be read. What is wrong with a file is in its report.
    /// - Complexity: O(*n*) in the size of the files.
    public func check() throws(EntityStoreError) -> [FileReport] {
        try files().map { name, file in
            var report = FileReport(name: name)
            do throws(EntityStoreError) {
                let file = try file.get()
                guard let version = file.version else { return report }
                report.version = Int(version)
                try file.read { try Self.check($0, file, &report) }
            } catch {
                report.add(error.message)
            }
            return report
        }
    }

    private static func check(_ database: Database, _ file: FolderFile, _ report: inout FileReport) throws {
        for line in try String.fetchAll(database, sql: "PRAGMA integrity_check(100)") where line != "ok" {
            report.add(line)
        }
        guard !file.isShared else { return try checkShared(database, &report) }
        report.states = try each(
            "SELECT \(StateFile.entityColumns) FROM entity", database, &report, name: { try $0.text(1) }
        ) { _ = try $0.checkedEntity() }
        report.tokens = try each(
            "SELECT \(StateFile.fenceColumns(report.version)) FROM fence", database, &report,
            name: { "shard \(try $0.number(6)) of \(try $0.text(4))" }
        ) { _ = try $0.checkedFence() }
        try checkLogs(database, WriterSlot.number(of: file.name) ?? 0, &report)
        if try database.tableExists("wake") {
            report.wakes += try each(
                "SELECT at, sum, id, type FROM wake", database, &report, name: { try $0.text(2) }
            ) { _ = try $0.wake(0, of: try $0.text(2), try $0.text(3)) }
            let lost = "SELECT count(*) FROM wake LEFT JOIN entity USING (type, id) WHERE entity.id IS NULL"
            if let count = try Int.fetchOne(database, sql: lost), count > 0 {
                report.add("\(count) times at which an entity must run belong to no state")
            }
        }
        guard try database.tableExists("remembered") else { return }
        report.remembered = try each(
            "SELECT \(StateFile.rememberedColumns) FROM remembered", database, &report, name: { try $0.text(1) }
        ) { _ = try $0.rememberedRow() }
    }

    /// The logs of a file: each row, its tags, and how far the logs are said to have come.
    private static func checkLogs(_ database: Database, _ number: Int, _ report: inout FileReport) throws {
        guard let logs = try EventLogs(file: number, database) else { return }
        var (ends, wakes) = (LogPositions(), 0)
        let statement = try database.makeStatement(sql: "SELECT \(logs.columns) FROM event")
        var reader = EventRowReader(file: number)
        report.events = try each(statement, &report, name: eventName) { _ in
            let row = try reader.read(StatementRow(statement))
            ends[row.log] = max(ends[row.log], row.row)
            if row.kind == .wake, row.wakeAt != nil { wakes += 1 }
            let tagging = try database.cachedStatement(sql: "SELECT tag FROM event_tag WHERE row = ?")
            let tags = try Row.fetchAll(tagging, arguments: [row.storedRow]).map { try $0.bytes(0) }
            if Set(tags) != Set(row.tags.map(\.stored)) {
                throw EntityStoreError(.corrupt, "an event of \(row.id) is not found by its tags")
            }
        }
        report.wakes += wakes
        if !ends.isIncluded(in: try logs.ends(), besides: 0) { report.add("a log goes on behind its end") }
        let lost = "SELECT count(*) FROM event_tag WHERE row NOT IN (SELECT row FROM event)"
        if let count = try Int.fetchOne(database, sql: lost), count > 0 {
            report.add("\(count) tags belong to no event")
        }
    }

    /// The entity of a row of the log, or the shard that was taken over.
    private static func eventName(_ row: Row) throws -> String {
        let id = try row.text(3)
        return id.isEmpty ? "shard \(try row.number(6)) of \(try row.text(2))" : id
    }

    /// The shared file: what version 2 and 3 kept in it.
    private static func checkShared(_ database: Database, _ report: inout FileReport) throws {
        if try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'store'") == nil {
            report.add("the file has no identity")
        }
        do {
            try SQLiteFile.checkMeta(database, SQLiteFolder.sharedName)
        } catch let error as EntityStoreError {
            report.add(error.message)
        }
        if try database.tableExists("entity") {
            report.states = try each(
                "SELECT type, id, state, sum FROM entity", database, &report, name: { try $0.text(1) }
            ) { _ = try $0.legacyEntity() }
        }
        if try database.tableExists("remembered") {
            let columns = SQLiteFile.legacyRememberedColumns
            report.remembered = try each(
                "SELECT \(columns) FROM remembered", database, &report, name: { try $0.text(1) }
            ) { _ = try $0.legacyRememberedRow() }
        }
    }

    /// Checks each row, and goes on after a wrong one.
    ///
    /// - Parameter name: Whose row it is, for a problem that does not say it.
    /// - Returns: The number of rows.
    private static func each(
        _ sql: String, _ database: Database, _ report: inout FileReport, name: (Row) throws -> String,
        _ check: (Row) throws -> Void
    ) throws -> Int {
        try each(database.makeStatement(sql: sql), &report, name: name, check)
    }

    private static func each(
        _ statement: Statement, _ report: inout FileReport, name: (Row) throws -> String,
        _ check: (Row) throws -> Void
    ) throws -> Int {
        var count = 0
        let rows = try Row.fetchCursor(statement)
        while let row = try rows.next() {
            count += 1
            do {
                try check(row)
            } catch let error as EntityStoreError {
                // Where that is damaged too, the problem speaks for itself.
                let name = (try? name(row)) ?? ""
                report.add(error.message.contains(name) ? error.message : "\(name): \(error.message)")
            }
        }
        return count
    }
}

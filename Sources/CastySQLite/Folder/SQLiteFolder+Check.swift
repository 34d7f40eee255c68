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

    /// Checks every file: its pages, and the checksum of every state, every token and every remembered entity.
    ///
    /// Each file is read as it was at one moment, while nodes may write on.
    ///
    /// - Throws: ``EntityStoreError`` if the folder itself cannot be read. What is wrong with a file is in its report.
    /// - Complexity: O(*n*) in the size of the files.
    public func check() throws(EntityStoreError) -> [FileReport] {
        try names().map { name in
            var report = FileReport(name: name)
            do throws(EntityStoreError) {
                let file = try open(name)
                guard let version = file.version else { return report }
                report.version = Int(version)
                try file.read { try Self.check($0, isShared: file.isShared, &report) }
            } catch {
                report.add(error.message)
            }
            return report
        }
    }

    private static func check(_ database: Database, isShared: Bool, _ report: inout FileReport) throws {
        for line in try String.fetchAll(database, sql: "PRAGMA integrity_check(100)") where line != "ok" {
            report.add(line)
        }
        guard !isShared else { return try checkShared(database, &report) }
        report.states = try each("SELECT \(StateFile.entityColumns) FROM entity", database, &report) {
            _ = try $0.checkedEntity()
        }
        report.tokens = try each("SELECT \(StateFile.fenceColumns(report.version)) FROM fence", database, &report) {
            _ = try $0.checkedFence()
        }
        guard try database.tableExists("remembered") else { return }
        report.remembered = try each("SELECT \(StateFile.rememberedColumns) FROM remembered", database, &report) {
            _ = try $0.rememberedRow()
        }
    }

    /// The shared file: what version 2 and 3 kept in it.
    private static func checkShared(_ database: Database, _ report: inout FileReport) throws {
        if try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'store'") == nil {
            report.add("the file has no identity")
        }
        if try database.tableExists("entity") {
            report.states = try each("SELECT type, id, state, sum FROM entity", database, &report) {
                _ = try $0.legacyEntity()
            }
        }
        if try database.tableExists("remembered") {
            let columns = SQLiteFile.legacyRememberedColumns
            report.remembered = try each("SELECT \(columns) FROM remembered", database, &report) {
                _ = try $0.legacyRememberedRow()
            }
        }
    }

    /// Checks each row, and goes on after a wrong one.
    ///
    /// - Returns: The number of rows.
    private static func each(
        _ sql: String, _ database: Database, _ report: inout FileReport, _ check: (Row) throws -> Void
    ) throws -> Int {
        var count = 0
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            count += 1
            do {
                try check(row)
            } catch let error as EntityStoreError {
                report.add(error.message)
            }
        }
        return count
    }
}

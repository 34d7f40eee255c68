import CastyCore
import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("Damage in a folder of stores")
struct DamagedFolderTests {
    private static let tables = ["entity", "fence", "wake", "remembered", "event", "event_tag"]

    /// Rows of every kind, of the entity `e-17`, and the takeover and the token of its shards.
    private func write(to folder: Folder) async throws {
        let (stores, time) = (try folder.open(), WallTime(milliseconds: 100))
        let store = stores.entities
        try await store.save(bytes("100"), for: key("e-17"), fence: token(5), wakeAt: time)
        try await stores.remembered.record(.started("e-17"), in: FolderContent.shard, fence: token(5))
        for number in 0..<3 {
            let event = EventRecord(payload: [1, 2], manifest: "added", tags: ["even", "first"])
            try await store.append(
                [event], after: UInt64(number), for: key("e-17", type: "log"), fence: token(5), wakeAt: time)
        }
        try await store.deleteEvents(of: key("e-17", type: "log"), through: 1, fence: token(5))
        try stores.file.belong(to: fence.cluster, name: "shop")
    }

    private func open(_ folder: Folder, _ name: String = "writer-1.sqlite") throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        return try DatabaseQueue(path: folder.file(name), configuration: configuration)
    }

    private func content(of table: String, in folder: Folder) throws -> (columns: [String], rows: [Row]) {
        try open(folder).read { database in
            (
                try database.columns(in: table).map(\.name),
                try Row.fetchAll(database, sql: "SELECT * FROM \(table)")
            )
        }
    }

    private func problems(_ folder: Folder) throws -> [String] {
        try SQLiteFolder(path: folder.path).check().flatMap { report in
            #expect(report.problemCount >= report.problems.count)
            return report.problems
        }
    }

    /// A value with one bit changed.
    private func flipped(_ value: DatabaseValue, bit: Int) -> DatabaseValue {
        switch value.storage {
        case .int64(let number): return (number ^ (16 << Int64(bit))).databaseValue
        case .blob(var data):
            data[data.startIndex] ^= UInt8(1 << bit)
            return data.databaseValue
        case .string(let text):
            var bytes = Array(text.utf8)
            bytes[0] ^= UInt8(1 << bit)
            return String(decoding: bytes, as: UTF8.self).databaseValue
        case .null, .double: return value
        }
    }

    @Test("A bit that is flipped in any column of any table is found, and whose row it is is said", arguments: [0, 6])
    func flippedColumns(bit: Int) async throws {
        let folder = try Folder()
        try await write(to: folder)
        #expect(try problems(folder) == [])
        var count = 0
        for table in Self.tables {
            let (columns, rows) = try content(of: table, in: folder)
            #expect(!rows.isEmpty, "\(table)")
            for row in rows {
                for column in columns {
                    let value: DatabaseValue = row[column]
                    if case .blob(let data) = value.storage, data.isEmpty { continue }
                    let condition = columns.map { "\($0) IS ?" }.joined(separator: " AND ")
                    func set(_ old: DatabaseValue, to new: DatabaseValue) throws {
                        let found: [DatabaseValue] = columns.map { $0 == column ? old : row[$0] }
                        try open(folder).write {
                            try $0.execute(
                                sql: "UPDATE \(table) SET \(column) = ? WHERE \(condition)",
                                arguments: StatementArguments([new] + found))
                            #expect($0.changesCount == 1, "\(table).\(column)")
                        }
                    }
                    let damaged = flipped(value, bit: bit)
                    try set(value, to: damaged)
                    let found = try problems(folder)
                    let isNamed = found.contains { problem in
                        ["e-17", "shard 0 of", "shard 1 of", "account", "log"].contains { problem.contains($0) }
                    }
                    #expect(
                        isNamed || ["id", "type"].contains(column) && !found.isEmpty, "\(table).\(column): \(found)")
                    try set(damaged, to: value)
                    count += 1
                }
            }
        }
        #expect(try problems(folder) == [])
        #expect(count > 100)
    }

    /// All that a file has, or `nil` where it cannot be read.
    private func dump(_ folder: Folder) -> [String]? {
        try? open(folder).read { database in
            try Self.tables.flatMap { try Row.fetchAll(database, sql: "SELECT * FROM \($0)").map(\.description) }
        }
    }

    @Test("A bit that is flipped anywhere in a file changes nothing, or is found", .timeLimit(.minutes(10)))
    func flippedBytes() async throws {
        let folder = try Folder()
        try await write(to: folder)
        try folder.meddle("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
        let path = URL(filePath: folder.file("writer-1.sqlite"))
        let intact = try Data(contentsOf: path)
        let content = try #require(dump(folder))
        var found = 0
        for index in stride(from: 0, to: intact.count, by: 131) {
            var damaged = intact
            damaged[index] ^= 0x10
            // A page that the file has from the start is nearly empty: only its ends say something.
            guard damaged[max(0, index - 8)..<min(damaged.count, index + 8)].contains(where: { $0 != 0 && $0 != 0x10 })
            else { continue }
            try damaged.write(to: path)
            let problems = try problems(folder)
            if problems.isEmpty {
                #expect(dump(folder) == content, "byte \(index)")
            } else {
                found += 1
            }
        }
        #expect(found > 5)
    }

    @Test("A file that was cut off, and one of something else, are named with what is wrong")
    func otherFiles() async throws {
        let folder = try Folder()
        try await write(to: folder)
        try folder.meddle("PRAGMA wal_checkpoint(TRUNCATE)")
        let path = URL(filePath: folder.file("writer-1.sqlite"))
        let intact = try Data(contentsOf: path)
        for size in [intact.count / 2, 4096, 100] {
            try intact.prefix(size).write(to: path)
            let reports = try SQLiteFolder(path: folder.path).check()
            #expect(reports.map { $0.problemCount > 0 } == [false, true], "\(size)")
        }
        try intact.write(to: path)
        try await open(folder, "writer-2.sqlite").write { try $0.execute(sql: "CREATE TABLE t (a)") }
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.map(\.problemCount) == [0, 0, 1])
        #expect(reports[2].problems.first?.contains("a database of something else") == true)
    }

    @Test(
        "An identity that was changed is found, and a node is refused", arguments: ["store", "name", "cluster", "sum"])
    func identity(row: String) async throws {
        let folder = try Folder()
        try await write(to: folder)
        try folder.meddle(
            """
            UPDATE meta SET value = CASE WHEN value LIKE '1%' THEN '2' ELSE '1' END || substr(value, 2)
            WHERE key = '\(row)'
            """, in: "casty.sqlite")
        #expect(try problems(folder).contains { $0.contains("wrong checksum") })
        let error = #expect(throws: EntityStoreError.self) { try folder.open() }
        #expect(error?.code == .corrupt)
    }
}

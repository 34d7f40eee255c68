import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("States in SQLite that are damaged, or do not fit")
struct SQLiteDamageTests {
    private func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
        do { try await body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    @Test(
        "A row that was changed behind its back is an error, and never a state",
        arguments: [
            "UPDATE entity SET state = CAST('900' AS BLOB)", "UPDATE entity SET state = '900'",
            "UPDATE entity SET sum = 'x'", "UPDATE entity SET sum = sum + 1",
        ])
    func corruptRow(sql: String) async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        try await store.save(bytes("100"), for: key("account-1"), fence: fence)
        try folder.meddle(sql)
        #expect(await code { _ = try await store.load(key("account-1"), fence: fence) } == .corrupt)
        try await store.save(bytes("7"), for: key("account-1"), fence: fence)
        #expect(try await store.load(key("account-1"), fence: fence) == bytes("7"))
    }

    @Test(
        "A token that was changed behind its back is an error, for whoever reads the file",
        arguments: ["up = up + 1", "sequence = 9", "shard = 1", "sum = sum + 1", "start = 0"])
    func corruptToken(change: String) async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            try await store.save(bytes("100"), for: key("account-1"), fence: fence)
            try folder.meddle("UPDATE fence SET \(change)")
            #expect(await code { _ = try store.highestUpNumber() } == .corrupt)
        }
        #expect(await code { _ = try SQLiteStores(directory: folder.path).entities } == .corrupt)
    }

    @Test("A state that does not fit fails alone, and those that waited with it are saved")
    func batch() async throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(
            directory: folder.path, shared: SQLiteFile(path: folder.file()), pageLimit: 24)
        let results = await withTaskGroup(of: (Int, EntityStoreError.Code?).self) { group in
            for number in 0..<8 {
                group.addTask {
                    let state = [UInt8](repeating: 1, count: number == 3 ? 200_000 : 100)
                    do throws(EntityStoreError) {
                        try await store.save(state, for: key("account-\(number)"), fence: fence)
                        return (number, nil)
                    } catch {
                        return (number, error.code)
                    }
                }
            }
            return await group.reduce(into: [Int: EntityStoreError.Code?]()) { $0[$1.0] = $1.1 }
        }
        for number in 0..<8 { #expect(results[number] == .some(number == 3 ? .full : nil), "\(number)") }
    }

    @Test("A state under another entity's key is an error")
    func swapped() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        try await store.save(bytes("100"), for: key("account-1"), fence: fence)
        try folder.meddle("UPDATE entity SET id = x'6163636F756E742D32'")
        #expect(await code { _ = try await store.load(key("account-2"), fence: fence) } == .corrupt)
    }

    @Test("A file of nonsense, of something else or of another version is refused")
    func otherFiles() async throws {
        let folder = try Folder()
        try Data(repeating: 0x5A, count: 9000).write(to: URL(filePath: folder.file()))
        #expect(await code { _ = try SQLiteStores(directory: folder.path).entities } == .corrupt)
        try await DatabaseQueue(path: folder.file("other")).write { try $0.execute(sql: "CREATE TABLE t (a)") }
        #expect(await code { _ = try SQLiteFile(path: folder.file("other")) } == .corrupt)
        _ = try SQLiteFile(path: folder.file("later"))
        for version in [1, 9] {
            try await DatabaseQueue(path: folder.file("later")).write {
                try $0.execute(sql: "PRAGMA user_version = \(version)")
            }
            #expect(await code { _ = try SQLiteFile(path: folder.file("later")) } == .unavailable)
        }
    }

    @Test("A file whose pages were overwritten gives errors or what was saved, never anything else")
    func corruptPages() async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            for number in 1...300 {
                try await store.save(bytes("state of \(number)"), for: key("account-\(number)"), fence: fence)
            }
        }
        try folder.meddle("PRAGMA wal_checkpoint(TRUNCATE)")
        var file = try Data(contentsOf: URL(filePath: folder.file("writer-1.sqlite")))
        #expect(file.count > 16_000)
        for index in stride(from: 8192, to: file.count, by: 701) { file[index] ^= 0x15 }
        try file.write(to: URL(filePath: folder.file("writer-1.sqlite")))
        var errors = 0
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            for number in 1...300 {
                do {
                    let state = try await store.load(key("account-\(number)"), fence: fence)
                    #expect(state == nil || state == bytes("state of \(number)"))
                } catch {
                    errors += 1
                    #expect(error.code == .corrupt)
                }
            }
        } catch {
            errors += 1
            #expect(error.code == .corrupt)
        }
        #expect(errors > 0)
    }

    @Test("A full disk refuses what does not fit, keeps what is there, and takes what fits again")
    func full() async throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(
            directory: folder.path, shared: SQLiteFile(path: folder.file()), pageLimit: 24)
        let large = [UInt8](repeating: 7, count: 3000)
        var kept = 0
        var refusal: EntityStoreError.Code?
        while refusal == nil, kept < 100 {
            refusal = await code { try await store.save(large, for: key("account-\(kept)"), fence: fence) }
            if refusal == nil { kept += 1 }
        }
        #expect(refusal == .full)
        #expect(kept > 3)
        for number in 0..<kept { #expect(try await store.load(key("account-\(number)"), fence: fence) == large) }
        #expect(try await store.load(key("account-\(kept)"), fence: fence) == nil)
        try await store.save(bytes("small"), for: key("account-0"), fence: fence)
        #expect(try await store.load(key("account-0"), fence: fence) == bytes("small"))
    }
}

import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

/// A folder that is gone when the test is over.
final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "casty-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String = "casty.sqlite") -> String { path + "/" + name }

    /// Changes the file behind the store's back.
    func meddle(_ sql: String) throws { try DatabaseQueue(path: file()).write { try $0.execute(sql: sql) } }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("States in SQLite")
struct SQLiteEntityStoreTests {
    private func code(_ body: () throws -> Void) -> EntityStoreError.Code? {
        do { try body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    @Test("What was saved is there after the file was opened anew, the latest of each entity")
    func saved() throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(path: folder.file())
        #expect(try store.load(type: "account", id: "account-1") == nil)
        try store.save(bytes("1"), type: "account", id: "account-1")
        try store.save(bytes("2"), type: "account", id: "account-1")
        try store.save(bytes("other"), type: "cart", id: "account-1")
        try store.save([], type: "account", id: "ü \u{0}\n'")
        for reopened in [store, try SQLiteEntityStore(path: folder.file())] {
            #expect(try reopened.load(type: "account", id: "account-1") == bytes("2"))
            #expect(try reopened.load(type: "cart", id: "account-1") == bytes("other"))
            #expect(try reopened.load(type: "account", id: "ü \u{0}\n'") == [])
        }
    }

    @Test("Every commit is synced to the disk")
    func durable() throws {
        let folder = try Folder()
        let file = try SQLiteFile(path: folder.file())
        #expect(try file.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(try file.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("Only its owner can read the file, and no link is followed")
    func permissions() throws {
        let folder = try Folder()
        let stores = try SQLiteStores(directory: folder.file("data"))
        try stores.entities.save(bytes("1"), type: "account", id: "account-1")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.file("data")) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("data/") + name)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: folder.file("data/casty.sqlite"))
        #expect(code { _ = try SQLiteEntityStore(path: folder.file("link")) } == .unavailable)
        #expect(code { _ = try SQLiteStores(directory: folder.file("none/data")) } == .unavailable)
    }

    @Test(
        "A row that was changed behind its back is an error, and never a state",
        arguments: [
            "UPDATE entity SET state = CAST('900' AS BLOB)", "UPDATE entity SET state = '900'",
            "UPDATE entity SET sum = 'x'", "UPDATE entity SET sum = sum + 1",
        ])
    func corruptRow(sql: String) throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(path: folder.file())
        try store.save(bytes("100"), type: "account", id: "account-1")
        try folder.meddle(sql)
        #expect(code { _ = try store.load(type: "account", id: "account-1") } == .corrupt)
        try store.save(bytes("7"), type: "account", id: "account-1")
        #expect(try store.load(type: "account", id: "account-1") == bytes("7"))
    }

    @Test("A state under another entity's key is an error")
    func swapped() throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(path: folder.file())
        try store.save(bytes("100"), type: "account", id: "account-1")
        try folder.meddle("UPDATE entity SET id = x'6163636F756E742D32'")
        #expect(code { _ = try store.load(type: "account", id: "account-2") } == .corrupt)
    }

    @Test("Any text is an id: those that differ only after a NUL are different")
    func anyID() throws {
        let folder = try Folder()
        let store = try SQLiteEntityStore(path: folder.file())
        let ids = ["a", "a\0", "a\0b", "a\0c", "", "\0"]
        for (index, id) in ids.enumerated() { try store.save([UInt8(index)], type: "account", id: id) }
        for (index, id) in ids.enumerated() { #expect(try store.load(type: "account", id: id) == [UInt8(index)]) }
    }

    @Test("A file of nonsense, of something else or of another version is refused")
    func otherFiles() throws {
        let folder = try Folder()
        try Data(repeating: 0x5A, count: 9000).write(to: URL(filePath: folder.file()))
        #expect(code { _ = try SQLiteEntityStore(path: folder.file()) } == .corrupt)
        try DatabaseQueue(path: folder.file("other")).write { try $0.execute(sql: "CREATE TABLE t (a)") }
        #expect(code { _ = try SQLiteEntityStore(path: folder.file("other")) } == .corrupt)
        _ = try SQLiteEntityStore(path: folder.file("later"))
        for version in [1, 9] {
            try DatabaseQueue(path: folder.file("later")).write {
                try $0.execute(sql: "PRAGMA user_version = \(version)")
            }
            #expect(code { _ = try SQLiteEntityStore(path: folder.file("later")) } == .unavailable)
        }
    }

    @Test("A file whose pages were overwritten gives errors or what was saved, never anything else")
    func corruptPages() throws {
        let folder = try Folder()
        do {
            let store = try SQLiteEntityStore(path: folder.file())
            for number in 1...300 {
                try store.save(bytes("state of \(number)"), type: "account", id: "account-\(number)")
            }
        }
        var file = try Data(contentsOf: URL(filePath: folder.file()))
        #expect(file.count > 16_000)
        for index in stride(from: 8192, to: file.count, by: 701) { file[index] ^= 0x15 }
        try file.write(to: URL(filePath: folder.file()))
        var errors = 0
        do {
            let store = try SQLiteEntityStore(path: folder.file())
            for number in 1...300 {
                do {
                    let state = try store.load(type: "account", id: "account-\(number)")
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
    func full() throws {
        let folder = try Folder()
        let store = SQLiteEntityStore(file: try SQLiteFile(path: folder.file(), pageLimit: 12))
        let large = [UInt8](repeating: 7, count: 3000)
        var kept = 0
        var refusal: EntityStoreError.Code?
        while refusal == nil, kept < 100 {
            refusal = code { try store.save(large, type: "account", id: "account-\(kept)") }
            if refusal == nil { kept += 1 }
        }
        #expect(refusal == .full)
        #expect(kept > 3)
        for number in 0..<kept { #expect(try store.load(type: "account", id: "account-\(number)") == large) }
        #expect(try store.load(type: "account", id: "account-\(kept)") == nil)
        try store.save(bytes("small"), type: "account", id: "account-0")
        #expect(try store.load(type: "account", id: "account-0") == bytes("small"))
    }

    @Test(
        "A process that is killed while it writes loses nothing that was confirmed as saved", .timeLimit(.minutes(10)))
    func killed() throws {
        let folder = try Folder()
        // Killed, and killed again on what it left: recovery begins where it was interrupted.
        for stop in [150, 1, 400] {
            let acknowledged = try write(1000, to: folder, killedAfter: stop)
            #expect(acknowledged >= stop && acknowledged < 1000)
            let store = try SQLiteStores(directory: folder.path).entities
            for slot in 0..<100 {
                guard let last = (1...acknowledged).last(where: { $0 % 100 == slot }) else { continue }
                let state = try #require(try store.load(type: "account", id: "account-\(slot)"))
                let number = Int(String(decoding: state, as: UTF8.self).dropFirst("state ".count))
                // The one after the last that was acknowledged may have been written, too.
                #expect(number == last || number == acknowledged + 1)
            }
        }
    }

    /// Lets another process write, kills it without warning, and gives the last number that it has said.
    private func write(_ count: Int, to folder: Folder, killedAfter stop: Int) throws -> Int {
        let process = Process()
        // The product stands beside the bundle of the tests.
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, String(count)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var text = Data()
        var isKilled = false
        while let piece = try pipe.fileHandleForReading.read(upToCount: 64), !piece.isEmpty {
            text += piece
            if !isKilled, text.count(where: { $0 == 10 }) >= stop {
                kill(process.processIdentifier, SIGKILL)
                isKilled = true
            }
        }
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        return try #require(lines.compactMap { Int($0) }.last)
    }

    @Test(
        "Two processes write to one file at the same time, and both keep what was confirmed as saved",
        .timeLimit(.minutes(10)))
    func twoProcesses() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, "200"]
        process.standardOutput = Pipe()
        try process.run()
        var number = 0
        while process.isRunning || number < 50 {
            number += 1
            try store.save(bytes("mine \(number)"), type: "counter", id: "counter-\(number % 10)")
        }
        #expect(process.terminationStatus == 0)
        #expect(try store.load(type: "account", id: "account-0") == bytes("state 200"))
        #expect(try store.load(type: "counter", id: "counter-\(number % 10)") == bytes("mine \(number)"))
    }

    @Test(
        "Writers take turns: who comes while another stands in the turnstile waits, and says so when it waits in vain")
    func turnstile() throws {
        let folder = try Folder()
        let first = try FairWriteLock(path: folder.file("turn"))
        let second = try FairWriteLock(path: folder.file("turn"))
        try first.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try second.enter(attempts: 3) }
        first.leave()
        try second.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try first.enter(attempts: 3) }
    }

    @Test("A write that fails leaves neither a transaction nor the turnstile behind")
    func failedWrite() throws {
        let folder = try Folder()
        let file = try SQLiteFile(path: folder.file())
        struct Refusal: Error {}
        #expect(throws: EntityStoreError.self) {
            try file.write { database in
                try database.execute(
                    sql:
                        "INSERT INTO entity (type, id, state, sum) VALUES (CAST('account' AS BLOB), CAST('a' AS BLOB), x'01', 1)"
                )
                throw Refusal()
            }
        }
        #expect(try SQLiteEntityStore(file: file).load(type: "account", id: "a") == nil)
        let neighbour = try SQLiteStores(directory: folder.path).entities
        try neighbour.save(bytes("one"), type: "account", id: "a")
        #expect(try SQLiteEntityStore(file: file).load(type: "account", id: "a") == bytes("one"))
    }
}

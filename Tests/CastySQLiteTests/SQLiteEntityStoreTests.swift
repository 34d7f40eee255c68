import CastyCore
import CastySharding
import CastyTestSupport
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

    /// Changes a file behind the store's back.
    func meddle(_ sql: String, in name: String = "writer-1.sqlite") throws {
        var configuration = Configuration()
        // A store that was let go may still close its files.
        configuration.busyMode = .timeout(10)
        try DatabaseQueue(path: file(name), configuration: configuration).writeWithoutTransaction {
            try $0.execute(sql: sql)
        }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The token and the keys of the tests that are not about tokens.
let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)

func key(_ id: String, type: String = "account") -> EntityKey { EntityKey(type: type, id: id, shards: 1) }

@Suite("States in SQLite")
struct SQLiteEntityStoreTests {
    private func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
        do { try await body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    @Test("What was saved is there after the file was opened anew, the latest of each entity")
    func saved() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        #expect(try await store.load(key("account-1"), fence: fence) == nil)
        try await store.save(bytes("1"), for: key("account-1"), fence: fence)
        try await store.save(bytes("2"), for: key("account-1"), fence: fence)
        try await store.save(bytes("other"), for: key("account-1", type: "cart"), fence: fence)
        try await store.save([], for: key("ü \u{0}\n'"), fence: fence)
        for reopened in [store, try SQLiteStores(directory: folder.path).entities] {
            #expect(try await reopened.load(key("account-1"), fence: fence) == bytes("2"))
            #expect(try await reopened.load(key("account-1", type: "cart"), fence: fence) == bytes("other"))
            #expect(try await reopened.load(key("ü \u{0}\n'"), fence: fence) == [])
        }
    }

    @Test("Every commit is synced to the disk")
    func durable() async throws {
        let folder = try Folder()
        let file = try SQLiteFile(path: folder.file())
        #expect(try file.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(try file.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("Only its owner can read the file, and no link is followed")
    func permissions() async throws {
        let folder = try Folder()
        let stores = try SQLiteStores(directory: folder.file("data"))
        try await stores.entities.save(bytes("1"), for: key("account-1"), fence: fence)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.file("data")) {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.file("data/") + name)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(name)")
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: folder.file("data/casty.sqlite"))
        #expect(await code { _ = try SQLiteFile(path: folder.file("link")) } == .unavailable)
        #expect(await code { _ = try SQLiteStores(directory: folder.file("none/data")) } == .unavailable)
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

    @Test("A file without checksums of its tokens gets them, and its tokens still count")
    func oldTokens() async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            try await store.save(bytes("100"), for: key("account-1"), fence: token(7))
        }
        try folder.meddle("DROP TABLE remembered; ALTER TABLE fence DROP COLUMN sum; PRAGMA user_version = 1")
        let store = try SQLiteStores(directory: folder.path).entities
        #expect(await code { _ = try await store.load(key("account-1"), fence: token(6)) } == .stale)
        #expect(try await store.load(key("account-1"), fence: token(7)) == bytes("100"))
        try folder.meddle("UPDATE fence SET sequence = 5")
        #expect(await code { _ = try store.highestUpNumber() } == .corrupt)
    }

    @Test("A token of a type with another number of shards counts for all of its shards, in the same process too")
    func otherCount() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let (of8, of16) = (
            EntityKey(type: "account", id: "account-1", shards: 8),
            EntityKey(type: "account", id: "account-1", shards: 16)
        )
        try await store.save(bytes("1"), for: of8, fence: token(3))
        try await store.save(bytes("2"), for: of16, fence: token(5))
        #expect(await code { try await store.save(bytes("3"), for: of8, fence: token(4)) } == .stale)
        #expect(await code { _ = try await store.load(of8, fence: token(3)) } == .stale)
        #expect(try await store.load(of16, fence: token(5)) == bytes("2"))
        #expect(try await store.load(of8, fence: token(6)) == bytes("2"))
        #expect(await code { _ = try await store.load(of16, fence: token(5)) } == .stale)
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

    @Test(
        "Only the files of writers are read as such",
        arguments: [
            ("writer-1.sqlite", 1), ("writer-256.sqlite", 256), ("writer-0.sqlite", nil), ("writer-257.sqlite", nil),
            ("writer-01.sqlite", nil), ("writer-+1.sqlite", nil), ("writer-1 copy.sqlite", nil),
            ("writer-1.sqlite-wal", nil), ("writer-.sqlite", nil),
        ] as [(String, Int?)])
    func names(name: String, number: Int?) {
        #expect(WriterSlot.number(of: name) == number)
    }

    @Test("A state under another entity's key is an error")
    func swapped() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        try await store.save(bytes("100"), for: key("account-1"), fence: fence)
        try folder.meddle("UPDATE entity SET id = x'6163636F756E742D32'")
        #expect(await code { _ = try await store.load(key("account-2"), fence: fence) } == .corrupt)
    }

    @Test("Any text is an id: those that differ only after a NUL are different")
    func anyID() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let ids = ["a", "a\0", "a\0b", "a\0c", "", "\0"]
        for (index, id) in ids.enumerated() { try await store.save([UInt8(index)], for: key(id), fence: fence) }
        for (index, id) in ids.enumerated() { #expect(try await store.load(key(id), fence: fence) == [UInt8(index)]) }
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

    @Test(
        "A process that is killed while it writes loses nothing that was confirmed as saved", .timeLimit(.minutes(10)))
    func killed() async throws {
        let folder = try Folder()
        // Killed, and killed again on what it left: recovery begins where it was interrupted.
        for stop in [150, 1, 400] {
            let acknowledged = try write(1000, to: folder, killedAfter: stop)
            #expect(acknowledged >= stop && acknowledged < 1000)
            let store = try SQLiteStores(directory: folder.path).entities
            for slot in 0..<100 {
                guard let last = (1...acknowledged).last(where: { $0 % 100 == slot }) else { continue }
                let state = try #require(try await store.load(key("account-\(slot)"), fence: fence))
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
            try await store.save(
                bytes("mine \(number)"), for: key("counter-\(number % 10)", type: "counter"), fence: fence)
        }
        #expect(process.terminationStatus == 0)
        #expect(try await store.load(key("account-0"), fence: fence) == bytes("state 200"))
        #expect(
            try await store.load(key("counter-\(number % 10)", type: "counter"), fence: fence)
                == bytes("mine \(number)"))
    }

    @Test(
        "Writers take turns: one that comes while another holds the lock waits, and reports it when it waits in vain")
    func fairLock() async throws {
        let folder = try Folder()
        let first = try FairWriteLock(path: folder.file("turn"))
        let second = try FairWriteLock(path: folder.file("turn"))
        try first.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try second.enter(attempts: 3) }
        first.leave()
        try second.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try first.enter(attempts: 3) }
    }

    @Test("A write that fails leaves neither a transaction nor the lock behind")
    func failedWrite() async throws {
        let folder = try Folder()
        let file = try SQLiteFile(path: folder.file())
        struct Refusal: Error {}
        #expect(throws: EntityStoreError.self) {
            try file.write { database in
                try database.execute(sql: "INSERT INTO meta (key, value) VALUES ('a', 'one')")
                throw Refusal()
            }
        }
        let neighbour = try SQLiteFile(path: folder.file())
        #expect(try neighbour.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM meta WHERE key = 'a'") } == 0)
        try neighbour.write { try $0.execute(sql: "INSERT INTO meta (key, value) VALUES ('a', 'two')") }
        #expect(
            try file.read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'a'") } == "two")
    }

    @Test("It does what every store must")
    func conformance() async throws {
        let folder = try Folder()
        let path = folder.path
        let conformance = StoreConformance { try SQLiteStores(directory: path).entities }
        let found = try await conformance.violations()
        #expect(found == [])
    }

    @Test("A process that is stopped in the middle of its commits keeps no other from saving", .timeLimit(.minutes(2)))
    func stopped() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, "100000"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        defer { process.terminate() }
        // It writes without a pause, so nearly each of these stops falls into a commit.
        for round in 0..<20 {
            _ = try pipe.fileHandleForReading.read(upToCount: 256)
            kill(process.processIdentifier, SIGSTOP)
            for id in ["mine-1", "mine-2"] {
                try await store.save(bytes("\(round)"), for: key(id, type: "counter"), fence: fence)
                #expect(try await store.load(key(id, type: "counter"), fence: fence) == bytes("\(round)"))
            }
            kill(process.processIdentifier, SIGCONT)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    @Test("States that version 2 has saved in the shared file are read from there, until they are saved anew")
    func legacy() async throws {
        let folder = try Folder()
        _ = try SQLiteStores(directory: folder.path)
        let sum = checksum(type: "account", id: "account-1", state: Data("70".utf8))
        try folder.meddle(
            """
            CREATE TABLE entity (
                type BLOB NOT NULL, id BLOB NOT NULL, state BLOB NOT NULL, sum INTEGER NOT NULL,
                PRIMARY KEY (type, id)) WITHOUT ROWID;
            INSERT INTO entity VALUES (CAST('account' AS BLOB), CAST('account-1' AS BLOB), CAST('70' AS BLOB), \(sum));
            PRAGMA user_version = 2;
            """, in: "casty.sqlite")
        let store = try SQLiteStores(directory: folder.path).entities
        #expect(try await store.load(key("account-1"), fence: fence) == bytes("70"))
        try await store.save(bytes("71"), for: key("account-1"), fence: fence)
        #expect(
            try await SQLiteStores(directory: folder.path).entities.load(key("account-1"), fence: fence) == bytes("71"))
        try await store.delete(key("account-1"), fence: fence)
        #expect(try await store.load(key("account-1"), fence: fence) == nil)
    }
}

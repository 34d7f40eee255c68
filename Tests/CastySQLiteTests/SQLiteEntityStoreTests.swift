import CastySharding
import CastyStoreConformance
import Foundation
import GRDB
import Testing

@testable import CastySQLite

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

    @Test("The next owner's token counts for the former one also where the next one's file came after its last call")
    func laterFile() async throws {
        let folder = try Folder()
        let former = try SQLiteStores(directory: folder.path).entities
        try await former.save(bytes("1"), for: key("e-1"), fence: token(1))
        try await former.append([EventRecord(payload: [1], manifest: "a")], after: 0, for: key("log"), fence: token(1))
        let next = try SQLiteStores(directory: folder.path).entities
        #expect(try await next.load(key("e-1"), fence: token(2)) == bytes("1"))
        #expect(await code { try await former.save(bytes("2"), for: key("e-1"), fence: token(1)) } == .stale)
        #expect(await code { _ = try await former.load(key("e-1"), fence: token(1)) } == .stale)
        let event = EventRecord(payload: [2], manifest: "a")
        #expect(await code { try await former.append([event], after: 1, for: key("log"), fence: token(1)) } == .stale)
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

    @Test("Any text is an id: those that differ only after a NUL are different")
    func anyID() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let ids = ["a", "a\0", "a\0b", "a\0c", "", "\0"]
        for (index, id) in ids.enumerated() { try await store.save([UInt8(index)], for: key(id), fence: fence) }
        for (index, id) in ids.enumerated() { #expect(try await store.load(key(id), fence: fence) == [UInt8(index)]) }
    }

    @Test("It does what every store must", arguments: StoreConformance.checks)
    func conformance(check: StoreConformance.Check) async throws {
        let (folder, crashes) = (try Folder(), CrashingFolder())
        #expect(try await check.run(on: crashes.tested(folder) { $0.entities }) == .passed)
        #expect(crashes.count > 20 || check.name != "crash-points")
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

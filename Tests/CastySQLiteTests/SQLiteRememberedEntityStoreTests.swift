import CastyCore
import CastyPlacement
import CastySharding
import CastyStoreConformance
import Foundation
import Testing

@testable import CastySQLite

@Suite("Remembered entities in SQLite")
struct SQLiteRememberedEntityStoreTests {
    private func load(
        _ store: SQLiteRememberedEntityStore, _ shard: Int = 0, of count: Int = 1, fence: ShardFence = fence
    ) async throws -> [String] {
        let page = try await store.load(
            StoreShard(type: "account", number: shard, of: count), after: nil, limit: 100, fence: fence)
        #expect(page.next == nil)
        return page.entities
    }

    private func record(
        _ store: SQLiteRememberedEntityStore, _ change: RememberedChange, shards count: Int = 1,
        fence: ShardFence = fence
    ) async throws {
        let number = StableHash.shard(of: change.entity, count: count)
        try await store.record(change, in: StoreShard(type: "account", number: number, of: count), fence: fence)
    }

    @Test(
        "It does what every store of remembered entities must, each opener with a file of its own",
        arguments: RememberedConformance.checks)
    func conformance(check: RememberedConformance.Check) async throws {
        let (folder, crashes) = (try Folder(), CrashingFolder())
        #expect(try await check.run(on: crashes.tested(folder) { $0.remembered }) == .passed)
        #expect(crashes.count > 20 || check.name != "crash-points")
    }

    @Test("What was recorded is there after the folder was opened anew")
    func reopened() async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).remembered
            for number in [2, 1, 3] { try await record(store, .started("account-\(number)")) }
            try await record(store, .stopped("account-3"))
        }
        #expect(try await load(SQLiteStores(directory: folder.path).remembered) == ["account-1", "account-2"])
    }

    @Test(
        "A row that was changed behind its back is an error, and never an entity",
        arguments: [
            "UPDATE remembered SET id = CAST('account-3' AS BLOB)", "UPDATE remembered SET id = 'account-1'",
            "UPDATE remembered SET id = x'FF'", "UPDATE remembered SET shard = 1 - shard",
            "UPDATE remembered SET shards = 3, shard = 0", "UPDATE remembered SET runs = 0",
            "UPDATE remembered SET sequence = 9",
        ])
    func corrupt(sql: String) async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).remembered
        try await record(store, .started("account-1"), shards: 2)
        try folder.meddle(sql)
        var codes: [EntityStoreError.Code] = []
        for shard in 0..<2 {
            do {
                #expect(try await load(store, shard, of: 2) == [])
            } catch let error as EntityStoreError {
                codes.append(error.code)
            }
        }
        #expect(codes.contains(.corrupt))
    }

    /// A folder as version 3 has left it: the shared file says which entities run, and no other file does.
    private func folderOfVersion3(_ ids: [String], shards count: Int = 1) async throws -> Folder {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            try await store.save(bytes("7"), for: EntityKey(type: "account", id: "a", shards: count), fence: fence)
        }
        let rows = ids.map { id in
            let shard = StableHash.shard(of: id, count: count)
            let sum = checksum(type: "account", id: id, shard: shard, of: count)
            return """
                INSERT INTO remembered VALUES
                    (CAST('account' AS BLOB), CAST('\(id)' AS BLOB), \(count), \(shard), \(sum));
                """
        }
        try folder.meddle(
            """
            CREATE TABLE remembered (
                type BLOB NOT NULL, id BLOB NOT NULL, shards INTEGER NOT NULL, shard INTEGER NOT NULL,
                sum INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
            \(rows.joined())
            PRAGMA user_version = 3;
            """, in: "casty.sqlite")
        try folder.meddle("DROP TABLE remembered; PRAGMA user_version = 2;")
        return folder
    }

    @Test("Entities that version 3 has recorded in the shared file are found, and may be stopped", arguments: [1, 4])
    func legacy(count: Int) async throws {
        let ids = (1...9).map { "account-\($0)" }
        let folder = try await folderOfVersion3(ids, shards: count)
        let store = try SQLiteStores(directory: folder.path)
        #expect(try await load(store.remembered, fence: token(7)) == ids)
        try await record(store.remembered, .stopped("account-2"), fence: token(7))
        try await record(store.remembered, .started("account-0"), fence: token(7))
        #expect(
            try await load(store.remembered, fence: token(7))
                == ["account-0"] + ids.filter { $0 != "account-2" })
        let key = EntityKey(type: "account", id: "a", shards: 1)
        #expect(try await store.entities.load(key, fence: token(7)) == bytes("7"))
    }

    @Test("While a process of an earlier version uses the folder, a later one is refused in words")
    func earlierProcess() async throws {
        let folder = try await folderOfVersion3(["account-1"])
        // What counts is that it has the file open, and that the file says version 3.
        let process = try folder.openElsewhere()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try folder.meddle("PRAGMA user_version = 3", in: "casty.sqlite")
        let error = #expect(throws: EntityStoreError.self) { _ = try SQLiteStores(directory: folder.path) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("process \(process.processIdentifier) of an earlier version") == true)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(try await load(SQLiteStores(directory: folder.path).remembered, fence: token(7)) == ["account-1"])
    }
}

extension Folder {
    /// Lets another process open the folder and write into it, until it is killed.
    fileprivate func openElsewhere() throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [path, "1000000"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        // The first number says that it has opened the folder.
        _ = try pipe.fileHandleForReading.read(upToCount: 1)
        kill(process.processIdentifier, SIGSTOP)
        return process
    }
}

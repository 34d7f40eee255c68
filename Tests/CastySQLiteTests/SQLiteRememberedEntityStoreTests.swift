import CastyCore
import CastyPlacement
import CastySharding
import Testing

@testable import CastySQLite

@Suite("Remembered entities in SQLite")
struct SQLiteRememberedEntityStoreTests {
    private func load(
        _ store: SQLiteRememberedEntityStore, _ shard: Int = 0, of count: Int = 1
    ) async throws -> [String] {
        try await withCheckedThrowingContinuation { continuation in
            store.load(type: "account", shard: shard, of: count) { continuation.resume(with: $0) }
        }
    }

    private func record(
        _ store: SQLiteRememberedEntityStore, _ change: RememberedChange, shards count: Int = 1
    ) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let shard = StableHash.shard(of: change.entity, count: count)
            store.record(change, type: "account", shard: shard, of: count) { continuation.resume(with: $0) }
        }
    }

    @Test(
        "An entity that was started and not stopped is remembered, however often it is said, also after the file is opened again"
    )
    func remembered() async throws {
        let folder = try Folder()
        let store = try SQLiteRememberedEntityStore(path: folder.file())
        for change in [.started("account-2"), .started("account-1"), .started("account-2"), .stopped("account-9")]
            as [RememberedChange]
        {
            try await record(store, change)
        }
        #expect(try await load(store) == ["account-1", "account-2"])
        try await record(store, .stopped("account-1"))
        try await record(store, .stopped("account-1"))
        let reopened = try SQLiteRememberedEntityStore(path: folder.file())
        #expect(try await load(reopened) == ["account-2"])
    }

    @Test("With another number of shards every entity is found in its new one, and only there")
    func otherCount() async throws {
        let folder = try Folder()
        let store = try SQLiteRememberedEntityStore(path: folder.file())
        let names = (1...40).map { "account-\($0)" }
        for name in names { try await record(store, .started(name), shards: 8) }
        for count in [5, 8, 3] {
            var found: [String] = []
            for shard in 0..<count {
                let here = try await load(store, shard, of: count)
                #expect(here.allSatisfy { StableHash.shard(of: $0, count: count) == shard })
                found += here
            }
            #expect(found.sorted() == names.sorted())
        }
    }

    @Test("Changes and questions that come together are answered in order")
    func order() async throws {
        let folder = try Folder()
        let store = try SQLiteRememberedEntityStore(path: folder.file())
        for number in 1...50 {
            store.record(.started("account-\(number)"), type: "account", shard: 0, of: 1) { _ in }
        }
        async let all = load(store)
        #expect(try await all.count == 50)
    }

    @Test("Any text is an id: those that differ only after a NUL are remembered, and forgotten, one by one")
    func anyID() async throws {
        let folder = try Folder()
        let store = try SQLiteRememberedEntityStore(path: folder.file())
        for id in ["a\0b", "a\0c", "a"] { try await record(store, .started(id)) }
        #expect(try await load(store) == ["a", "a\0b", "a\0c"])
        try await record(store, .stopped("a\0b"))
        #expect(try await load(store) == ["a", "a\0c"])
    }

    @Test(
        "A row that was changed behind its back is an error, and never an entity",
        arguments: [
            "UPDATE remembered SET id = CAST('account-3' AS BLOB)", "UPDATE remembered SET id = 'account-1'",
            "UPDATE remembered SET id = x'FF'", "UPDATE remembered SET shard = 1 - shard",
            "UPDATE remembered SET shards = 3, shard = 0",
        ])
    func corrupt(sql: String) async throws {
        let folder = try Folder()
        let store = try SQLiteRememberedEntityStore(path: folder.file())
        try await record(store, .started("account-1"), shards: 2)
        try folder.meddle(sql, in: "casty.sqlite")
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
}

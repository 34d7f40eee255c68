import CastyCore
import CastySharding
import CastyStoreConformance
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("Events in SQLite")
struct SQLiteEventTests {
    private func record(_ number: UInt8, tags: [String] = []) -> EventRecord {
        EventRecord(payload: [number], manifest: "added", tags: tags)
    }

    private func code(_ body: () async throws -> Void) async -> EntityStoreError.Code? {
        do { try await body() } catch { return (error as? EntityStoreError)?.code }
        return nil
    }

    private func payloads(_ store: SQLiteEntityStore, _ token: ShardFence) async throws -> [[UInt8]] {
        try await store.events(of: key("account-1"), after: 0, limit: 100, fence: token).events.map(\.record.payload)
    }

    private func delivered(_ store: SQLiteEntityStore) async throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        for try await element in store.eventLog(page: 2) { found.append(element.event.record.payload) }
        return found
    }

    @Test(
        "They do what every store of events must, each opener with a file of its own",
        arguments: EventConformance.checks)
    func conformance(check: EventConformance.Check) async throws {
        let (folder, crashes) = (try Folder(), CrashingFolder())
        #expect(try await check.run(on: crashes.tested(folder) { $0.entities }) == .passed)
        #expect(crashes.count > 20 || check.name != "crash-points")
    }

    @Test("What was appended is there after the files were opened anew, and can be continued")
    func reopened() async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            try await store.append([record(1), record(2)], after: 0, for: key("account-1"), fence: token(1))
        }
        let store = try SQLiteStores(directory: folder.path).entities
        #expect(try await payloads(store, token(2)) == [[1], [2]])
        try await store.append([record(3)], after: 2, for: key("account-1"), fence: token(2))
        #expect(try await payloads(store, token(2)) == [[1], [2], [3]])
        #expect(try await delivered(store) == [[1], [2], [3]])
    }

    @Test("A former owner's event that comes too late never counts, not even when its number is reached")
    func late() async throws {
        let folder = try Folder()
        let (first, second) = (
            try SQLiteStores(directory: folder.path).entities, try SQLiteStores(directory: folder.path).entities
        )
        try await first.append([record(1)], after: 0, for: key("account-1"), fence: token(1))
        #expect(try await payloads(second, token(2)) == [[1]])
        // As if its commit had come between the check before it and the one after it.
        try first.own.file.write { database in
            try EventRow(record(8), number: 2, key: key("account-1"), fence: token(1)).insert(into: 1, database)
            try EventRow(record(9), number: 3, key: key("account-1"), fence: token(1)).insert(into: 1, database)
        }
        #expect(try await payloads(second, token(2)) == [[1]])
        try await second.append([record(2)], after: 1, for: key("account-1"), fence: token(2))
        #expect(try await payloads(first, token(3)) == [[1], [2]])
        try await first.append([record(3)], after: 2, for: key("account-1"), fence: token(3))
        #expect(try await payloads(second, token(4)) == [[1], [2], [3]])
        for store in [first, second] { #expect(try await delivered(store) == [[1], [2], [3]]) }
    }

    @Test("A query waits before an event of which it is not certain that the next owner has seen it")
    func uncertain() async throws {
        let folder = try Folder()
        let (first, second) = (
            try SQLiteStores(directory: folder.path).entities, try SQLiteStores(directory: folder.path).entities
        )
        try await first.append([record(1)], after: 0, for: key("account-1"), fence: token(1))
        try await first.append([record(5)], after: 0, for: key("order-1", type: "order"), fence: token(1))
        // The next owner's token is there, and not yet what it has seen.
        try await second.own.raise(token(2), for: key("account-1"))
        #expect(try await delivered(second) == [])
        #expect(try await payloads(second, token(2)) == [[1]])
        #expect(try await delivered(second) == [[1], [5]])
    }

    @Test(
        "A row of the log that was changed behind its back is an error, and never an event",
        arguments: [
            "payload = CAST('9' AS BLOB)", "payload = '9'", "number = 2", "manifest = x'41'", "tags = x'0000000141'",
            "tags = x'09'", "version = 2", "sequence = 9", "kind = 7", "sum = sum + 1",
        ])
    func corrupt(change: String) async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        try await store.append([record(1, tags: ["a"])], after: 0, for: key("account-1"), fence: token(1))
        try folder.meddle("UPDATE event SET \(change) WHERE kind = 0")
        let codes = [
            await code {
                let page = try await store.events(of: key("account-1"), after: 0, limit: 9, fence: token(1))
                if page.events.isEmpty { throw EntityStoreError(.corrupt, "gone") }
            },
            await code { if try await delivered(store).isEmpty { throw EntityStoreError(.corrupt, "gone") } },
        ]
        #expect(codes == [.corrupt, .corrupt])
    }

    @Test("A file of the version before has its states, and gets events")
    func migrated() async throws {
        let folder = try Folder()
        do {
            let store = try SQLiteStores(directory: folder.path).entities
            try await store.save(bytes("1"), for: key("account-1"), fence: token(1))
        }
        try folder.meddle("DROP TABLE event; DROP TABLE event_tag; PRAGMA user_version = 2")
        let store = try SQLiteStores(directory: folder.path).entities
        #expect(try await store.load(key("account-1"), fence: token(1)) == bytes("1"))
        try await store.append([record(1)], after: 0, for: key("account-1"), fence: token(1))
        #expect(try await payloads(store, token(1)) == [[1]])
    }

    @Test("Positions are written down and read, and other texts are none")
    func positions() {
        var positions = LogPositions()
        (positions[10], positions[2], positions[3]) = (5, 7, 0)
        #expect(positions.description == "2:7,10:5")
        #expect(LogPositions("2:7,10:5")?.description == "2:7,10:5")
        #expect(LogPositions("")?.description == "")
        for text in ["1", "1:", "a:1", "0:1", "257:1", "1:-1", "1:1,", ",", "1:1:1"] {
            #expect(LogPositions(text) == nil, "\(text)")
        }
    }
}

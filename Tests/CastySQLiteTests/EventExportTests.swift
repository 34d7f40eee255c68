import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastySQLite

@Suite("Events in an export of a folder")
struct EventExportTests {
    private func event(_ number: UInt8, tags: [String] = []) -> EventRecord {
        EventRecord(payload: [number], manifest: "added", version: 2, tags: tags)
    }

    private func events(_ folder: Folder) throws -> [StoredEvent] {
        var found: [StoredEvent] = []
        try SQLiteFolder(path: folder.path).export { entry in
            if case .event(let event) = entry { found.append(event) }
        }
        return found
    }

    @Test("It has those that count and were not deleted, of all files, by entity and number")
    func counting() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        try await first.entities.append([event(1), event(2)], after: 0, for: key("b"), fence: token(1))
        try await first.entities.append([event(7)], after: 0, for: key("a", type: "zoo"), fence: token(1))
        _ = try await second.entities.events(of: key("b"), after: 0, limit: 9, fence: token(2))
        // As if its commit had come between the check before it and the one after it.
        try first.entities.own.file.write { database in
            _ = try EventRow(event(9), number: 3, key: key("b"), fence: token(1)).insert(into: 1, database)
        }
        try await second.entities.append([event(3, tags: ["x", "y"])], after: 2, for: key("b"), fence: token(2))
        try await second.entities.append([event(1), event(2)], after: 0, for: key("a"), fence: token(2))
        try await second.entities.append([event(1)], after: 0, for: key("gone"), fence: token(2))
        try await first.entities.deleteEvents(of: key("a"), through: 1, fence: token(3))
        try await first.entities.deleteEvents(of: key("gone"), through: 1, fence: token(3))
        let expected = [
            StoredEvent(type: "account", entity: "a", sequence: 2, record: event(2)),
            StoredEvent(type: "account", entity: "b", sequence: 1, record: event(1)),
            StoredEvent(type: "account", entity: "b", sequence: 2, record: event(2)),
            StoredEvent(type: "account", entity: "b", sequence: 3, record: event(3, tags: ["x", "y"])),
            StoredEvent(type: "zoo", entity: "a", sequence: 1, record: event(7)),
        ]
        #expect(try events(folder) == expected)
        for stores in [first, second] {
            _ = try await stores.compact()
            #expect(try events(folder) == expected)
        }
    }

    @Test("It has each event once where an entity has many, in two files")
    func manyPages() async throws {
        let folder = try Folder()
        let stores = [try folder.open(), try folder.open()]
        for part in 0..<6 {
            let records = (0..<200).map { event(UInt8($0)) }
            try await stores[part % 2].entities.append(
                records, after: UInt64(part) * 200, for: key("log"), fence: token(UInt64(part) + 1))
        }
        let found = try events(folder)
        #expect(found.map(\.sequence) == Array(1...1200))
        #expect(found.map(\.record.payload) == (0..<1200).map { [UInt8($0 % 200)] })
    }

    @Test("A damaged event is an error, after which nothing comes")
    func damaged() async throws {
        let folder = try Folder()
        do {
            let store = try folder.open().entities
            for id in ["a", "b", "c"] {
                try await store.append([event(1)], after: 0, for: key(id), fence: token(1))
            }
        }
        try folder.meddle("UPDATE event SET payload = x'09' WHERE kind = 0 AND id = CAST('b' AS BLOB)")
        var found: [String] = []
        let error = #expect(throws: EntityStoreError.self) {
            try SQLiteFolder(path: folder.path).export { entry in
                if case .event(let event) = entry { found.append(event.entity) }
            }
        }
        #expect(error?.code == .corrupt)
        #expect(found == ["a"])
    }
}

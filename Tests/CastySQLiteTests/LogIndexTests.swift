import CastyCore
import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("The index of a row in its log")
struct LogIndexTests {
    private func event(_ number: UInt8) -> EventRecord {
        EventRecord(payload: [number], manifest: "added", tags: ["t"])
    }

    @Test(
        "Rows whose indexes were swapped are found, in the own log and in one that was taken over",
        arguments: ["row", "place", "log"])
    func swapped(column: String) async throws {
        let folder = try Folder()
        do {
            let living = column != "row" ? try folder.open() : nil
            do {
                let stores = try folder.open()
                for id in ["a", "b"] {
                    try await stores.entities.append([event(1)], after: 0, for: key(id), fence: token(1))
                }
            }
            if let living { #expect(try await living.fold().foldedFiles == 1) }
        }
        #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
        let change =
            switch column {
            case "row":
                """
                UPDATE event SET row = -row WHERE kind = 0; UPDATE event SET row = row + 5 WHERE kind = 0;
                UPDATE event_tag SET row = -row; UPDATE event_tag SET row = row + 5;
                """
            case "place":
                "UPDATE event SET place = -place WHERE kind = 0; UPDATE event SET place = place + 5 WHERE kind = 0;"
            default: "UPDATE event SET log = 1 WHERE kind = 0;"
            }
        try folder.meddle(change)
        let problems = try SQLiteFolder(path: folder.path).check().flatMap(\.problems)
        #expect(problems.filter { $0.contains("is not what was written: wrong checksum") }.count == 2, "\(problems)")
        let store = try folder.open().entities
        let error = await #expect(throws: EntityStoreError.self) { try await FolderContent.delivered(store) }
        #expect(error?.code == .corrupt)
        await #expect(throws: EntityStoreError.self) {
            try await store.events(of: key("a"), after: 0, limit: 9, fence: token(2))
        }
    }

    @Test("A file of version 6 is read as it is and goes on, and its rows get the present checksums when they move")
    func migrated() async throws {
        let folder = try Folder()
        let living = try folder.open()
        do {
            let stores = try folder.open()
            for number in UInt8(1)...3 {
                try await stores.entities.append(
                    [event(number)], after: UInt64(number) - 1, for: key("log"), fence: token(1))
            }
            try stores.entities.own.file.write { database in
                var rows: [EventRow] = []
                try EventLogs(present: 2, database).rows(after: 0) { row in
                    rows.append(row)
                    return true
                }
                #expect(rows.count == 4)
                for row in rows {
                    #expect(row.contentSum != row.sum(of: row.contentSum))
                    try database.execute(
                        sql: "UPDATE event SET sum = ? WHERE row = ?", arguments: [row.contentSum, row.storedRow])
                }
                try database.execute(sql: "PRAGMA user_version = 6")
            }
        }
        #expect(try await FolderContent.delivered(living.entities) == [[1], [2], [3]])
        do {
            let stores = try folder.open()
            #expect(try SQLiteFolder(path: folder.path).check().map(\.version) == [7, 7, 7])
            try await stores.entities.append([event(4)], after: 3, for: key("log"), fence: token(2))
            #expect(try await FolderContent.delivered(stores.entities) == [[1], [2], [3], [4]])
            #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
        }
        #expect(try await living.fold().foldedFiles == 1)
        #expect(try await FolderContent.delivered(living.entities) == [[1], [2], [3], [4]])
        try folder.meddle("UPDATE event SET place = place + 90 WHERE kind = 0")
        let found = try SQLiteFolder(path: folder.path).check().flatMap(\.problems)
        #expect(found.filter { $0.contains("wrong checksum") }.count == 4, "\(found)")
    }

    @Test("A log's end that is too low does not hide rows, and gives no index twice")
    func end() async throws {
        let folder = try Folder()
        do {
            let store = try folder.open().entities
            for number in UInt8(1)...3 {
                try await store.append([event(number)], after: UInt64(number) - 1, for: key("log"), fence: token(1))
            }
        }
        try folder.meddle("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'event'")
        let store = try folder.open().entities
        #expect(try await store.events(of: key("log"), after: 0, limit: 9, fence: token(2)).last == 3)
        let other = try folder.open().entities
        #expect(try await other.events(of: key("log"), after: 0, limit: 9, fence: token(3)).last == 3)
        try await other.append([event(4)], after: 3, for: key("log"), fence: token(3))
        #expect(try await FolderContent.delivered(store) == [[1], [2], [3], [4]])
    }
}

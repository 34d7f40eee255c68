import CastyCore
import CastySharding
import Testing

@testable import CastySQLite

@Suite("Times of reminders in SQLite's logs")
struct LoggedWakeTests {
    private let entity = key("account-1")

    private func event(_ number: UInt8) -> EventRecord { EventRecord(payload: [number], manifest: "added") }

    private func at(_ milliseconds: Int64) -> WallTime { WallTime(milliseconds: milliseconds) }

    private func times(_ store: SQLiteEntityStore) async throws -> [Int64] {
        try await store.wakes(of: "account", through: at(.max), after: nil, limit: 10).map(\.at.milliseconds)
    }

    /// How many rows of times the files have.
    private func rows(_ folder: Folder) throws -> Int {
        try SQLiteFolder(path: folder.path).check().reduce(0) { $0 + $1.wakes }
    }

    @Test("A former owner's time that comes too late replaces none that the next owner has seen")
    func late() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        try await first.entities.append([event(1)], after: 0, for: entity, fence: token(1), wakeAt: at(10))
        _ = try await second.entities.events(of: entity, after: 0, limit: 9, fence: token(2))
        // As if its commit had come between the check before it and the one after it.
        try first.entities.own.file.write { database in
            try EventRow(event(2), number: 2, key: entity, fence: token(1)).insert(into: 1, database)
            try EventRow(wakeAt: nil, key: entity, fence: token(1)).insert(into: 1, database)
        }
        for stores in [first, second] { #expect(try await times(stores.entities) == [10]) }
        // Also where the process has taken its time back, and when its rows are in another file.
        _ = try await first.compact()
        #expect(try await times(second.entities) == [10])
        try await second.entities.append([event(2)], after: 1, for: entity, fence: token(2), wakeAt: at(20))
        for stores in [first, second] { #expect(try await times(stores.entities) == [20]) }
    }

    @Test("While it is not certain whether a time counts, that and the one before it are read")
    func uncertain() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        try await first.entities.append([event(1)], after: 0, for: entity, fence: token(1), wakeAt: at(10))
        try first.entities.own.file.write {
            _ = try EventRow(wakeAt: at(99), key: entity, fence: token(1)).insert(into: 1, $0)
        }
        try await second.entities.own.raise(token(2), for: entity)
        #expect(try await times(second.entities) == [10, 99])
        _ = try await second.entities.events(of: entity, after: 0, limit: 9, fence: token(2))
        #expect(try await times(second.entities) == [99])
    }

    @Test(
        "A time that is changed again and again leaves a row or two in a file, and compaction leaves one in the folder")
    func replaced() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        for number in 1...50 {
            try await first.entities.append(
                [event(1)], after: UInt64(number) - 1, for: entity, fence: token(1), wakeAt: at(Int64(number)))
        }
        #expect(try rows(folder) == 2)
        for number in 51...60 {
            try await second.entities.append(
                [event(1)], after: UInt64(number) - 1, for: entity, fence: token(2), wakeAt: at(Int64(number)))
        }
        #expect(try await times(first.entities) == [60])
        #expect(try rows(folder) == 4)
        #expect(try await first.compact().removedRows >= 2)
        #expect(try await second.compact().removedRows >= 1)
        #expect(try rows(folder) == 1)
        for stores in [first, second] { #expect(try await times(stores.entities) == [60]) }
    }

    @Test("A time is there after the files were opened anew, and again when its file was folded into another")
    func reopened() async throws {
        let folder = try Folder()
        do {
            let stores = try folder.open()
            try await stores.entities.append([event(1)], after: 0, for: entity, fence: token(1), wakeAt: at(10))
        }
        let living = try folder.open()
        do {
            let other = try folder.open()
            #expect(try await times(other.entities) == [10])
            try await other.entities.append([event(2)], after: 1, for: entity, fence: token(2), wakeAt: at(20))
        }
        #expect(try await living.fold().foldedFiles == 1)
        #expect(try await times(living.entities) == [20])
        #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
    }

    @Test("Pages of times in logs and beside states are in one order", arguments: [1, 2, 3, 100])
    func pages(limit: Int) async throws {
        let folder = try Folder()
        let stores = try folder.open()
        for kind in ["state", "log"] {
            for number in 0..<4 {
                let (key, time) = (key("\(kind)-\(number)"), at(Int64(number)))
                if kind == "state" {
                    try await stores.entities.save(bytes("1"), for: key, fence: token(1), wakeAt: time)
                } else {
                    try await stores.entities.append([event(1)], after: 0, for: key, fence: token(1), wakeAt: time)
                }
            }
        }
        var all: [EntityWake] = []
        while true {
            let page = try await stores.entities.wakes(of: "account", through: at(9), after: all.last, limit: limit)
            all += page
            if page.count < limit { break }
        }
        #expect(all.map(\.id) == (0..<4).flatMap { ["log-\($0)", "state-\($0)"] })
    }

    @Test("A file of version 5 gets times in its log, and before that is read as it is")
    func migrated() async throws {
        let folder = try Folder()
        do {
            let (first, second) = (try folder.open(), try folder.open())
            try await first.entities.append([event(1)], after: 0, for: entity, fence: token(1))
            try await second.entities.append([event(1)], after: 0, for: key("order-1", type: "order"), fence: token(1))
        }
        for name in ["writer-1.sqlite", "writer-2.sqlite"] {
            try folder.meddle(
                "DROP INDEX logged_wake_by_entity; DROP INDEX logged_wake_by_time; PRAGMA user_version = 5", in: name)
        }
        try folder.meddle("PRAGMA user_version = 5", in: "casty.sqlite")
        #expect(try SQLiteFolder(path: folder.path).check().map(\.version) == [5, 5, 5])
        let store = try folder.open().entities
        #expect(try SQLiteFolder(path: folder.path).check().map(\.version) == [7, 7, 5])
        try await store.append([event(2)], after: 1, for: entity, fence: token(1), wakeAt: at(10))
        #expect(try await times(store) == [10])
        #expect(try await store.events(of: entity, after: 0, limit: 9, fence: token(1)).last == 2)
    }

    @Test("An export has the times beside states and in logs, of each entity the valid one")
    func exported() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        for (number, stores) in [first, second].enumerated() {
            let fence = token(UInt64(number) + 1)
            try await stores.entities.save(
                bytes("1"), for: key("state"), fence: fence, wakeAt: at(Int64(number) + 10))
            let changes: [(String, WallTime?)] = [
                ("logged", at(Int64(number) + 20)), ("removed", number == 0 ? at(1) : nil),
            ]
            for (type, time) in changes {
                try await stores.entities.append(
                    [event(1)], after: UInt64(number), for: key("log", type: type), fence: fence, wakeAt: time)
            }
        }
        var found: [SQLiteFolder.Entry] = []
        try SQLiteFolder(path: folder.path).export { entry in
            if case .reminder = entry { found.append(entry) }
        }
        #expect(
            found == [
                .reminder(type: "account", id: "state", at: at(11)),
                .reminder(type: "logged", id: "log", at: at(21)),
            ])
    }
}

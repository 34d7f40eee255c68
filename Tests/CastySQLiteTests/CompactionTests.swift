import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastySQLite

@Suite("Compaction of a folder")
struct CompactionTests {
    private func event(_ number: UInt8) -> EventRecord { EventRecord(payload: [number], manifest: "added") }

    @Test(
        "The file of a gone process is folded into a living one's and removed, and everything in it is there as before")
    func folded() async throws {
        let folder = try Folder()
        // The living one comes first, so that it does not take the other's file back.
        let living = try folder.open()
        try await FolderContent.write(to: folder)
        #expect(try folder.writers == ["writer-1.sqlite", "writer-2.sqlite"])
        let report = try await living.fold()
        #expect(report.foldedFiles == 1)
        // The events that were deleted.
        #expect(report.removedRows == 2)
        #expect(report.problems == [])
        #expect(try folder.writers == ["writer-1.sqlite"])
        await #expect(throws: EntityStoreError.self) {
            try await living.entities.save(bytes("late"), for: key("e-1"), fence: token(0))
        }
        try await FolderContent.expect(in: living, token(1))
        try await FolderContent.expect(in: folder.open(), token(2))
        #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
    }

    @Test("A file whose process lives is left, also one that is only slow to write")
    func living() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        try await second.entities.save(bytes("1"), for: key("e"), fence: token(1))
        #expect(try await first.compact() == SQLiteCompaction())
        #expect(try folder.writers.count == 2)
        #expect(try await first.entities.load(key("e"), fence: token(2)) == bytes("1"))
    }

    @Test("Only one process compacts at a time, and the next one can when it is done")
    func locked() async throws {
        let folder = try Folder()
        let stores = try folder.open()
        let other = try MoveCounter(directory: folder.path)
        #expect(other.tryLock())
        #expect(try await stores.compact() == SQLiteCompaction(isSkipped: true))
        other.unlock()
        #expect(try await stores.compact() == SQLiteCompaction())
    }

    @Test("A file with a wrong checksum is left as it is, and why is said")
    func corrupt() async throws {
        let folder = try Folder()
        let living = try folder.open()
        do {
            let other = try folder.open()
            try await other.entities.save(bytes("1"), for: key("e"), fence: token(1))
        }
        try folder.meddle("UPDATE entity SET sum = sum + 1", in: "writer-2.sqlite")
        let report = try await living.fold()
        #expect(report.foldedFiles == 0)
        #expect(report.problems.first?.contains("checksum") == true)
        #expect(try folder.writers.count == 2)
        await #expect(throws: EntityStoreError.self) { try await living.entities.load(key("e"), fence: token(1)) }
    }

    @Test("Rows that another process has under a higher token are removed, and no others")
    func superseded() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        for id in ["moved", "stays"] {
            try await first.entities.save(
                bytes("1"), for: key(id), fence: token(1), wakeAt: WallTime(milliseconds: 1))
            try await first.remembered.record(.started(id), in: FolderContent.shard, fence: token(1))
        }
        try await second.entities.save(
            bytes("2"), for: key("moved"), fence: token(2), wakeAt: WallTime(milliseconds: 2))
        try await second.remembered.record(.stopped("moved"), in: FolderContent.shard, fence: token(2))
        #expect(try await first.compact().removedRows == 2)
        #expect(try await first.compact().removedRows == 0)
        #expect(try await second.compact().removedRows == 0)
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.map(\.states) == [0, 1, 1])
        #expect(reports.map(\.wakes) == [0, 1, 1])
        #expect(reports.map(\.remembered) == [0, 1, 1])
        #expect(reports.allSatisfy { $0.problems == [] })
        #expect(try await first.entities.load(key("moved"), fence: token(3)) == bytes("2"))
        #expect(try await first.entities.load(key("stays"), fence: token(3)) == bytes("1"))
        let wakes = try await second.entities.wakes(
            of: "account", through: WallTime(milliseconds: 9), after: nil, limit: 9)
        #expect(wakes.map(\.id) == ["stays", "moved"])
    }

    @Test("A query of events goes on at its offset after their file was folded, and after its slot has a new file")
    func offsets() async throws {
        let folder = try Folder()
        let living = try folder.open()
        let store = living.entities
        var offset = EventOffset.start
        do {
            let other = try folder.open()
            for number in 1...6 {
                try await other.entities.append(
                    [event(UInt8(number))], after: UInt64(number) - 1, for: key("log"), fence: token(1))
            }
            offset = try await store.events(matching: .all, after: .start, limit: 4).next
        }
        #expect(try await living.fold().foldedFiles == 1)
        #expect(try await FolderContent.delivered(store, after: offset) == [[5], [6]])
        // The slot's next file goes on where its log was.
        let next = try folder.open()
        #expect(try folder.writers.last?.hasPrefix("writer-2-") == true)
        try await next.entities.append([event(7)], after: 6, for: key("log"), fence: token(2))
        #expect(try await FolderContent.delivered(store, after: offset) == [[5], [6], [7]])
        // And the process that has folded its file appends to its own log.
        try await store.append([event(8)], after: 7, for: key("log"), fence: token(3))
        for one in [store, next.entities] {
            #expect(try await FolderContent.delivered(one, after: offset) == [[5], [6], [7], [8]])
            #expect(try await FolderContent.delivered(one) == (1...8).map { [$0] })
        }
        #expect(try await store.events(of: key("log"), after: 0, limit: 9, fence: token(3)).events.count == 8)
        #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
    }

    @Test("A former owner's event that came too late does not come to light when its file is folded")
    func lateEvent() async throws {
        let folder = try Folder()
        let living = try folder.open()
        do {
            let other = try folder.open()
            try await other.entities.append([event(1)], after: 0, for: key("log"), fence: token(1))
            _ = try await living.entities.events(of: key("log"), after: 0, limit: 9, fence: token(2))
            try other.entities.own.file.write { database in
                _ = try EventRow(event(9), number: 2, key: key("log"), fence: token(1)).insert(into: 2, database)
            }
        }
        #expect(try await living.fold().foldedFiles == 1)
        for _ in 0..<3 {
            _ = try await living.compact()
            #expect(try await FolderContent.delivered(living.entities) == [[1]])
        }
        try await living.entities.append([event(2)], after: 1, for: key("log"), fence: token(2))
        let third = try folder.open()
        try await third.entities.append([event(3)], after: 2, for: key("log"), fence: token(3))
        for stores in [living, third, living] {
            _ = try await stores.compact()
            #expect(try await FolderContent.delivered(stores.entities) == [[1], [2], [3]])
        }
        // Neither the row that does not count nor what excluded it is left.
        let rows = try SQLiteFolder(path: folder.path).check().reduce(0) { $0 + $1.events }
        #expect(rows == 3 + 3)
    }

    @Test("200 restarts leave a bounded number of files and bytes", .timeLimit(.minutes(10)))
    func restarts() async throws {
        let folder = try Folder()
        var older: SQLiteStores?
        var sequence: UInt64 = 0
        var sizes: [Int] = []
        for round in 1...200 {
            // Two processes at a time, so that the files change hands.
            let stores = try folder.open()
            sequence += 1
            let fence = token(sequence)
            for id in ["a", "b"] {
                #expect(
                    try await stores.entities.load(key(id), fence: fence) == (round == 1 ? nil : bytes("\(round - 1)")))
                try await stores.entities.save(
                    bytes("\(round)"), for: key(id), fence: fence, wakeAt: WallTime(milliseconds: Int64(round)))
            }
            try await stores.entities.append([event(1)], after: UInt64(round) - 1, for: key("log"), fence: fence)
            try await stores.entities.deleteEvents(of: key("log"), through: UInt64(round), fence: fence)
            try await stores.remembered.record(
                round.isMultiple(of: 2) ? .started("r") : .stopped("r"), in: FolderContent.shard, fence: fence)
            older = stores
            _ = try await older?.compact()
            #expect(try folder.writers.count <= 4)
            sizes.append(try folder.size)
        }
        let last = try folder.open()
        for _ in 0..<2 { _ = try await last.compact() }
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.allSatisfy { $0.problems == [] })
        let rows = reports.reduce(0) { $0 + $1.states + $1.tokens + $1.remembered + $1.wakes + $1.events }
        #expect(rows < 60)
        #expect(try #require(sizes[150...].max()) <= 2 * (try #require(sizes[20..<60].max())))
        #expect(older != nil)
    }
}

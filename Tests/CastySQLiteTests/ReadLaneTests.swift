import CastyCore
import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("Reads beside each other", .timeLimit(.minutes(2)))
struct ReadLaneTests {
    @Test("A read of one lane that does not end delays no other lane and no change", arguments: ReadLane.allCases)
    func lanes(blocked: ReadLane) async throws {
        let folder = try Folder()
        let stores = try folder.open()
        let store = stores.entities
        let event = EventRecord(payload: [1], manifest: "added")
        try await store.save(bytes("1"), for: key("e"), fence: token(1))
        try await store.append([event], after: 0, for: key("log"), fence: token(1))
        try await stores.remembered.record(.started("e"), in: FolderContent.shard, fence: token(1))
        let (began, end) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        async let read: Void = store.read(blocked) { sources throws(EntityStoreError) in
            // In a transaction of the file.
            try sources.each { logs in
                _ = try logs.takeovers()
                began.continuation.finish()
                end.wait()
            }
        }
        for await _ in began.stream {}
        try await store.save(bytes("2"), for: key("e"), fence: token(1))
        try await store.append([event], after: 1, for: key("log"), fence: token(1))
        if blocked != .loads {
            #expect(try await store.load(key("e"), fence: token(1)) == bytes("2"))
            #expect(try await store.events(of: key("log"), after: 0, limit: 9, fence: token(1)).events.count == 2)
        }
        if blocked != .upkeep {
            let page = try await stores.remembered.load(FolderContent.shard, after: nil, limit: 9, fence: token(1))
            #expect(page.entities == ["e"])
            let wakes = try await store.wakes(of: "account", through: WallTime(milliseconds: 9), after: nil, limit: 9)
            #expect(wakes == [])
        }
        if blocked != .queries { #expect(try await FolderContent.delivered(store) == [[1], [1]]) }
        _ = try await stores.compact()
        end.signal()
        _ = try await read
    }

    @Test("More reads at once than there are connections are all served, and a removed file is not created again")
    func connections() async throws {
        let folder = try Folder()
        let path = folder.file("writer-1.sqlite")
        let file = try StateFile(path: path, writes: true)
        let reader = try #require(try StateFile.reader(path))
        let counts = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<3 * FileReaders.limit {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        DispatchQueue.global().async {
                            let count = try? reader.read { database in
                                usleep(1000)
                                return try Int.fetchOne(database, sql: "SELECT count(*) FROM event")
                            }
                            continuation.resume(returning: count)
                        }
                    }
                }
            }
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(counts == Array(repeating: 0, count: 3 * FileReaders.limit))
        let other = try #require(try StateFile.reader(path))
        #expect(unlink(path) == 0)
        // The first connection is in use, and no second one can be opened.
        let ended = Collected<Int?>()
        let inner = try other.read { database in
            let first = try Int.fetchOne(database, sql: "SELECT count(*) FROM event")
            DispatchQueue.global().async {
                ended.add(try? other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM event") })
            }
            return first
        }
        #expect(inner == 0)
        while ended.values.isEmpty { await Task.yield() }
        #expect(ended.values == [0])
        #expect(!FileManager.default.fileExists(atPath: path))
        withExtendedLifetime(file) {}
    }

    @Test(
        "A page of a query reads the rows behind its index only, and sorts none",
        arguments: [
            EventFilter.all, EventFilter(type: "account"), EventFilter(tag: "a"),
            EventFilter(type: "account", tag: "a"),
        ])
    func plans(filter: EventFilter) async throws {
        let folder = try Folder()
        do { _ = try folder.open() }
        let queue = try DatabaseQueue(path: folder.file("writer-1.sqlite"))
        let plans = try await queue.read { database in
            let statements = Collected<String>()
            database.trace { event in
                if case .statement(let statement) = event { statements.add(statement.sql) }
            }
            _ = try EventLogs(present: 1, database).matches(filter, in: 1, after: 7, limit: 10)
            _ = try EventLogs(present: 1, database).matches(filter, in: 2, after: 7, limit: 10)
            database.trace(options: [])
            return try statements.values.filter { $0.hasPrefix("SELECT row, ") }.flatMap { sql in
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: Self.nulls(for: sql))
                    .map { $0["detail"] as String }
            }
        }
        #expect(plans.count >= 3)
        for step in plans { #expect(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "\(step)") }
    }

    private static func nulls(for sql: String) -> StatementArguments {
        StatementArguments(sql.filter { $0 == "?" }.map { _ in DatabaseValue.null })
    }
}

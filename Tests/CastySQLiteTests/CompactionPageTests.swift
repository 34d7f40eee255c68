import CastyCore
import CastySharding
import Foundation
import Synchronization
import Testing

@testable import CastySQLite

@Suite("A compaction in pages", .timeLimit(.minutes(2)))
struct CompactionPageTests {
    private func records(_ numbers: Range<Int>) -> [EventRecord] {
        numbers.map { EventRecord(payload: [UInt8(truncatingIfNeeded: $0)], manifest: "added") }
    }

    @Test("Between two pages of a log loads, saves and appends are served")
    func between() async throws {
        let folder = try Folder()
        let stores = try folder.open()
        let store = stores.entities
        try await store.save(bytes("1"), for: key("e"), fence: token(1))
        try await store.append(records(0..<900), after: 0, for: key("log"), fence: token(1))
        // A second takeover of the shard, so that the log is searched for events of the first.
        try await store.append(records(900..<901), after: 900, for: key("log"), fence: token(2))
        let served = Collected<String>()
        store.compactor.onPage.withLock { hook in
            hook = {
                let number = served.values.count
                waited {
                    do {
                        let state = try await store.load(key("e"), fence: token(2))
                        try await store.save(bytes("\(number)"), for: key("e"), fence: token(2))
                        try await store.append(
                            [EventRecord(payload: [0], manifest: "added")], after: UInt64(901 + number),
                            for: key("log"), fence: token(2))
                        served.add(String(decoding: state ?? [], as: UTF8.self))
                    } catch {
                        served.add("\(error)")
                    }
                }
            }
        }
        #expect(try await stores.compact().removedRows == 0)
        let states = served.values
        #expect(states.count >= 3)
        #expect(states == ["1"] + (0..<states.count - 1).map { "\($0)" })
        let last = try await store.events(of: key("log"), after: 901, limit: 99, fence: token(2)).last
        #expect(last == UInt64(901 + states.count))
    }

    @Test("What is removed is removed in pages, and what comes between two of them is not lost")
    func removal() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        for id in ["a", "b"] {
            try await first.entities.append(records(0..<2500), after: 0, for: key(id), fence: token(1))
        }
        for id in ["a", "b"] {
            _ = try await second.entities.events(of: key(id), after: 2500, limit: 1, fence: token(2))
            try await second.entities.deleteEvents(of: key(id), through: 2300, fence: token(2))
        }
        let pages = Collected<Int>()
        let store = second.entities
        first.entities.compactor.onPage.withLock { hook in
            hook = {
                pages.add(1)
                guard pages.values.count == 1 else { return }
                waited {
                    try? await store.append(
                        [EventRecord(payload: [0], manifest: "added")], after: 2500, for: key("a"), fence: token(2))
                }
            }
        }
        #expect(try await first.compact().removedRows == 2 * 2300)
        #expect(try await first.compact().removedRows == 0)
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.allSatisfy { $0.problems == [] })
        // The events that are left, and the takeover.
        #expect(reports[1].events == 2 * 200 + 1)
        for (id, left) in [("a", 201), ("b", 200)] {
            let page = try await store.events(of: key(id), after: 0, limit: 1000, fence: token(2))
            #expect(page.events.count == left)
            #expect(page.events.first?.sequence == 2301)
        }
    }
}

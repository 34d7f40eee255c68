import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastySQLite

func token(_ sequence: UInt64) -> ShardFence {
    ShardFence(cluster: fence.cluster, upNumber: 1, start: 1, sequence: sequence)
}

extension Folder {
    /// Opens the stores in it, which compact only when they are asked to.
    func open() throws -> SQLiteStores { try SQLiteStores(directory: path, compactsEvery: nil) }

    /// The names of the files of processes.
    var writers: [String] { get throws { try WriterSlot.files(in: path).map(WriterSlot.name) } }

    /// The size of all files together.
    var size: Int {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: path).reduce(0) { sum, name in
                let size = try FileManager.default.attributesOfItem(atPath: file(name))[.size] as? NSNumber
                return sum + (size?.intValue ?? 0)
            }
        }
    }
}

extension SQLiteStores {
    /// Compacts until a file was folded, or could not be.
    ///
    /// A store that was let go may still be on a queue for a moment, and a process that is being started by another test
    /// has the locks of this one until it runs.
    func fold() async throws -> SQLiteCompaction {
        var all = SQLiteCompaction()
        for _ in 0..<500 {
            let report = try await compact()
            all.foldedFiles += report.foldedFiles
            all.removedRows += report.removedRows
            all.problems += report.problems
            if all.foldedFiles > 0 || !all.problems.isEmpty { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        return all
    }
}

/// One of everything that a process leaves in its file.
enum FolderContent {
    static let shard = StoreShard(type: "account", number: 0, of: 1)
    static let large = [UInt8](repeating: 7, count: 700_000)

    /// What a process under token 1 has written, that is gone.
    static func write(to folder: Folder) async throws {
        let stores = try SQLiteStores(directory: folder.path, compactsEvery: nil)
        let store = stores.entities
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<600 {
                let wake = number < 10 ? WallTime(milliseconds: Int64(number)) : nil
                group.addTask {
                    try await store.save(
                        bytes("state \(number)"), for: key("e-\(number)"), fence: token(1), wakeAt: wake)
                }
            }
            try await group.waitForAll()
        }
        for number in 0..<3 { try await store.save(large, for: key("large-\(number)"), fence: token(1)) }
        try await store.save(bytes("1"), for: key("deleted"), fence: token(1))
        try await store.delete(key("deleted"), fence: token(1))
        for number in 1...5 {
            let event = EventRecord(
                payload: [UInt8(number)], manifest: "added", tags: [number.isMultiple(of: 2) ? "even" : "odd"])
            let time = WallTime(milliseconds: Int64(number) + 55)
            try await store.append(
                [event], after: UInt64(number) - 1, for: key("log"), fence: token(1), wakeAt: time)
        }
        try await store.deleteEvents(of: key("log"), through: 2, fence: token(1))
        try await stores.remembered.record(.started("runs"), in: shard, fence: token(1))
        try await stores.remembered.record(.started("stops"), in: shard, fence: token(1))
        try await stores.remembered.record(.stopped("stops"), in: shard, fence: token(1))
    }

    /// Expects all of it, read under a token.
    static func expect(in stores: SQLiteStores, _ token: ShardFence) async throws {
        let store = stores.entities
        for number in 0..<600 {
            let state = try await store.load(key("e-\(number)"), fence: token)
            #expect(state == bytes("state \(number)"), "e-\(number)")
        }
        for number in 0..<3 { #expect(try await store.load(key("large-\(number)"), fence: token) == large) }
        #expect(try await store.load(key("deleted"), fence: token) == nil)
        let wakes = try await store.wakes(of: "account", through: WallTime(milliseconds: 100), after: nil, limit: 4)
        #expect(wakes.map(\.id) == ["e-0", "e-1", "e-2", "e-3"])
        let rest = try await store.wakes(
            of: "account", through: WallTime(milliseconds: 100), after: wakes.last, limit: 100)
        #expect(rest.map(\.id) == ["e-4", "e-5", "e-6", "e-7", "e-8", "e-9", "log"])
        #expect(rest.last?.at == WallTime(milliseconds: 60))
        let page = try await store.events(of: key("log"), after: 0, limit: 100, fence: token)
        #expect(page.events.map(\.record.payload) == [[3], [4], [5]])
        #expect(page.last == 5)
        #expect(try await delivered(store, EventFilter(tag: "odd")) == [[3], [5]])
        #expect(try await delivered(store) == [[3], [4], [5]])
        let running = try await stores.remembered.load(shard, after: nil, limit: 10, fence: token)
        #expect(running.entities == ["runs"])
    }

    static func delivered(
        _ store: SQLiteEntityStore, _ filter: EventFilter = .all, after offset: EventOffset = .start
    ) async throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        for try await element in store.eventLog(filter, after: offset, page: 2) {
            found.append(element.event.record.payload)
        }
        return found
    }
}

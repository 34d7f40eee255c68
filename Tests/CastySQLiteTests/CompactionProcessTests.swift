import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastySQLite

/// Other processes compact, and are killed or stopped at chosen moments.
@Suite("Compaction by processes that die and hang")
struct CompactionProcessTests {
    /// A folder with what a gone process has written, a living process, and another one that is about to compact.
    private func compacting(
        _ environment: [String: String]
    ) async throws -> (folder: Folder, living: SQLiteStores, process: StoreProcess) {
        let folder = try Folder()
        let living = try folder.open()
        try await FolderContent.write(to: folder)
        // Held, so that the new process takes the third slot, and not the gone one's with its file.
        // The store that has written there may still be on a queue for a moment.
        var held: WriterSlot?
        while held == nil {
            held = try WriterSlot(taking: folder.file("writer-2.sqlite"), in: folder.path)
            if held == nil { try await Task.sleep(for: .milliseconds(5)) }
        }
        let process = try StoreProcess(folder, ["200", "compact"], environment: environment)
        #expect(try process.read(upTo: 6) == Data("ready\n".utf8))
        withExtendedLifetime(held) {}
        return (folder, living, process)
    }

    @Test("A process that is killed at any moment of a compaction loses nothing", .timeLimit(.minutes(10)))
    func killed() async throws {
        var moments = 0
        for moment in 1...100 {
            let (folder, living, process) = try await compacting(["CASTY_CRASH_AT": "any:\(moment)"])
            try process.begin()
            let lines = try process.lines()
            try await FolderContent.expect(in: living, token(1))
            try await FolderContent.expect(in: try folder.open(), token(2))
            while try folder.writers.count > 1 {
                #expect(try await living.fold().problems == [])
            }
            #expect(try folder.writers == ["writer-1.sqlite"])
            try await FolderContent.expect(in: living, token(3))
            #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
            guard process.wasKilled else {
                #expect(lines == ["folded 1"])
                break
            }
            moments = moment
        }
        // Tokens, pages of each kind, the count and the removal.
        #expect(moments >= 8)
    }

    @Test(
        "A process that hangs in a compaction loses nothing, and what others save meanwhile stays",
        .timeLimit(.minutes(10)),
        arguments: ["fold-tokens:1", "fold-page:2", "fold-copied:1", "fold-counted:1", "fold-removed:1"])
    func stopped(moment: String) async throws {
        let (folder, living, process) = try await compacting(["CASTY_STOP_AT": moment])
        defer { process.send(SIGKILL) }
        try process.begin()
        while !process.isStopped { try await Task.sleep(for: .milliseconds(5)) }
        try await FolderContent.expect(in: living, token(1))
        let other = try folder.open()
        try await FolderContent.expect(in: other, token(2))
        try await other.entities.save(bytes("new"), for: key("new"), fence: token(2))
        try await other.entities.save(bytes("changed"), for: key("e-599"), fence: token(2))
        #expect(try await other.compact().isSkipped)
        process.send(SIGCONT)
        #expect(try process.lines() == ["folded 1"])
        for (stores, fence) in [(other, token(2)), (living, token(3))] {
            #expect(try await stores.entities.load(key("new"), fence: fence) == bytes("new"))
            #expect(try await stores.entities.load(key("e-599"), fence: fence) == bytes("changed"))
            #expect(try await stores.entities.load(key("e-0"), fence: fence) == bytes("state 0"))
        }
        // The process is gone, too.
        #expect(try await living.fold().problems == [])
        #expect(try await living.entities.load(key("e-599"), fence: token(3)) == bytes("changed"))
        #expect(try await living.entities.load(key("e-598"), fence: token(3)) == bytes("state 598"))
        #expect(try SQLiteFolder(path: folder.path).check().allSatisfy { $0.problems == [] })
    }

    @Test("Eight that open, write, compact and close at once find what they have saved", .timeLimit(.minutes(10)))
    func eight() async throws {
        let folder = try Folder()
        let path = folder.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for round in 1...20 {
                        let stores = try SQLiteStores(directory: path, compactsEvery: nil)
                        let fence = token(UInt64(round))
                        let key = EntityKey(type: "worker-\(worker)", id: "e", shards: 1)
                        let saved = try await stores.entities.load(key, fence: fence)
                        #expect(saved == (round == 1 ? nil : bytes("\(round - 1)")), "worker \(worker)")
                        try await stores.entities.save(bytes("\(round)"), for: key, fence: fence)
                        let page = try await stores.entities.events(of: key, after: 0, limit: 99, fence: fence)
                        #expect(page.events.map(\.sequence) == Array(1..<UInt64(round)), "worker \(worker)")
                        let event = EventRecord(payload: [UInt8(round)], manifest: "added")
                        try await stores.entities.append([event], after: UInt64(round) - 1, for: key, fence: fence)
                        let report = try await stores.compact()
                        #expect(report.problems == [])
                    }
                }
            }
            try await group.waitForAll()
        }
        let last = try folder.open()
        while try folder.writers.count > 1 { _ = try await last.fold() }
        for worker in 0..<8 {
            let filter = EventFilter(type: "worker-\(worker)")
            #expect(try await FolderContent.delivered(last.entities, filter) == (1...20).map { [$0] })
        }
    }
}

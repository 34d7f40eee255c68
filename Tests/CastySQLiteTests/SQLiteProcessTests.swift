import CastySharding
import Foundation
import GRDB
import Testing

@testable import CastySQLite

@Suite("States in SQLite, of several processes")
struct SQLiteProcessTests {
    @Test(
        "A process that is killed while it writes loses nothing that was confirmed as saved", .timeLimit(.minutes(10)))
    func killed() async throws {
        let folder = try Folder()
        // Killed, and killed again on what it left: recovery begins where it was interrupted.
        for stop in [150, 1, 400] {
            let acknowledged = try write(1000, to: folder, killedAfter: stop)
            #expect(acknowledged >= stop && acknowledged < 1000)
            let store = try SQLiteStores(directory: folder.path).entities
            for slot in 0..<100 {
                guard let last = (1...acknowledged).last(where: { $0 % 100 == slot }) else { continue }
                let state = try #require(try await store.load(key("account-\(slot)"), fence: fence))
                let number = Int(String(decoding: state, as: UTF8.self).dropFirst("state ".count))
                // The one after the last that was acknowledged may have been written, too.
                #expect(number == last || number == acknowledged + 1)
            }
        }
    }

    /// Lets another process write, kills it without warning, and gives the last number that it has said.
    private func write(_ count: Int, to folder: Folder, killedAfter stop: Int) throws -> Int {
        let process = Process()
        // The product stands beside the bundle of the tests.
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, String(count)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var text = Data()
        var isKilled = false
        while let piece = try pipe.fileHandleForReading.read(upToCount: 64), !piece.isEmpty {
            text += piece
            if !isKilled, text.count(where: { $0 == 10 }) >= stop {
                kill(process.processIdentifier, SIGKILL)
                isKilled = true
            }
        }
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        return try #require(lines.compactMap { Int($0) }.last)
    }

    @Test(
        "Two processes write to one file at the same time, and both keep what was confirmed as saved",
        .timeLimit(.minutes(10)))
    func twoProcesses() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, "200"]
        process.standardOutput = Pipe()
        try process.run()
        var number = 0
        while process.isRunning || number < 50 {
            number += 1
            try await store.save(
                bytes("mine \(number)"), for: key("counter-\(number % 10)", type: "counter"), fence: fence)
        }
        #expect(process.terminationStatus == 0)
        #expect(try await store.load(key("account-0"), fence: fence) == bytes("state 200"))
        #expect(
            try await store.load(key("counter-\(number % 10)", type: "counter"), fence: fence)
                == bytes("mine \(number)"))
    }

    @Test(
        "Writers take turns: one that comes while another holds the lock waits, and reports it when it waits in vain")
    func fairLock() async throws {
        let folder = try Folder()
        let first = try FairWriteLock(path: folder.file("turn"))
        let second = try FairWriteLock(path: folder.file("turn"))
        try first.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try second.enter(attempts: 3) }
        first.leave()
        try second.enter(attempts: 1)
        #expect(throws: EntityStoreError.self) { try first.enter(attempts: 3) }
    }

    @Test("A write that fails leaves neither a transaction nor the lock behind")
    func failedWrite() async throws {
        let folder = try Folder()
        let file = try SQLiteFile(path: folder.file())
        struct Refusal: Error {}
        #expect(throws: EntityStoreError.self) {
            try file.write { database in
                try database.execute(sql: "INSERT INTO meta (key, value) VALUES ('a', 'one')")
                throw Refusal()
            }
        }
        let neighbour = try SQLiteFile(path: folder.file())
        #expect(try neighbour.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM meta WHERE key = 'a'") } == 0)
        try neighbour.write { try $0.execute(sql: "INSERT INTO meta (key, value) VALUES ('a', 'two')") }
        #expect(
            try file.read { try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = 'a'") } == "two")
    }

    @Test("A process that is stopped in the middle of its commits keeps no other from saving", .timeLimit(.minutes(10)))
    func stopped() async throws {
        let folder = try Folder()
        let store = try SQLiteStores(directory: folder.path).entities
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "StoreWriter")
        process.arguments = [folder.path, "100000"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        defer { process.terminate() }
        // It writes without a pause, so nearly each of these stops falls into a commit.
        for round in 0..<20 {
            _ = try pipe.fileHandleForReading.read(upToCount: 256)
            kill(process.processIdentifier, SIGSTOP)
            for id in ["mine-1", "mine-2"] {
                try await store.save(bytes("\(round)"), for: key(id, type: "counter"), fence: fence)
                #expect(try await store.load(key(id, type: "counter"), fence: fence) == bytes("\(round)"))
            }
            kill(process.processIdentifier, SIGCONT)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

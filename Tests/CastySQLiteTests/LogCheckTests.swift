import CastyCore
import CastySharding
import Foundation
import Glibc
import Testing

@testable import CastySQLite

@Suite("Damage in a write-ahead log", .timeLimit(.minutes(10)))
struct LogCheckTests {
    /// The files of a folder as a process that is killed leaves them: the log is not in the database yet.
    private struct Killed {
        let folder: Folder
        var database: String { folder.file("writer-1.sqlite") }
        var log: String { database + "-wal" }
        var index: String { database + "-shm" }

        init() async throws {
            let living = try Folder()
            let stores = try living.open()
            for number in 1...20 {
                try await stores.entities.save(bytes("\(number)"), for: key("e-\(number)"), fence: token(1))
            }
            folder = try Folder()
            for name in try FileManager.default.contentsOfDirectory(atPath: living.path) {
                try FileManager.default.copyItem(atPath: living.file(name), toPath: folder.file(name))
            }
            withExtendedLifetime(stores) {}
        }

        func change(_ path: String, _ body: (inout Data) -> Void) throws {
            var data = try Data(contentsOf: URL(fileURLWithPath: path))
            body(&data)
            try data.write(to: URL(fileURLWithPath: path))
        }

        func states() async throws -> [String?] {
            let store = try folder.open().entities
            var found: [String?] = []
            for number in 1...20 {
                found.append(
                    try await store.load(key("e-\(number)"), fence: token(2)).map {
                        String(decoding: $0, as: UTF8.self)
                    })
            }
            return found
        }
    }

    private func expectRefusal(_ killed: Killed, _ comment: Comment) async {
        let error = await #expect(throws: EntityStoreError.self, comment) { try await killed.states() }
        #expect(error?.code == .corrupt, comment)
        #expect(error?.message.contains("writer-1.sqlite-wal is not what was written") == true, comment)
    }

    @Test("A log that is whole is recovered after its process was killed")
    func whole() async throws {
        let killed = try await Killed()
        #expect(try await killed.states() == (1...20).map { "\($0)" })
    }

    @Test("One bit that is flipped anywhere in what was committed is an error, and stays one")
    func flipped() async throws {
        let pattern = try await Killed()
        let size = try Data(contentsOf: URL(fileURLWithPath: pattern.log)).count
        // In the header, in the header of the first and a later frame, in the first, a middle and the last page.
        for position in [0, 9, 17, 30, 32, 45, 60, 32 + 24 + 100, size / 2, size - 1] {
            let killed = try await Killed()
            try killed.change(killed.log) { $0[position] ^= 4 }
            await expectRefusal(killed, "byte \(position) of \(size)")
            await expectRefusal(killed, "byte \(position) of \(size), again")
            let problems = try SQLiteFolder(path: killed.folder.path).check().flatMap(\.problems)
            #expect(problems.contains { $0.contains("is not what was written") }, "\(problems)")
        }
    }

    @Test("A log that is shortened, emptied or removed is an error", arguments: [0.0, 0.3, 0.9, 1])
    func shortened(fraction: Double) async throws {
        let killed = try await Killed()
        if fraction == 1 {
            try FileManager.default.removeItem(atPath: killed.log)
        } else {
            try killed.change(killed.log) { $0 = $0.prefix(Int(Double($0.count) * fraction)) }
        }
        await expectRefusal(killed, "\(fraction)")
    }

    @Test("Without the index a node goes on with what is left, as the error says")
    func goesOn() async throws {
        let killed = try await Killed()
        try killed.change(killed.log) { $0[$0.count * 2 / 3] ^= 1 }
        await expectRefusal(killed, "before")
        try FileManager.default.removeItem(atPath: killed.index)
        let states = try await killed.states()
        let left = states.prefix { $0 != nil }.count
        #expect(left > 0 && left < 20)
        #expect(states == (1...20).map { $0 <= left ? "\($0)" : nil })
    }

    @Test("An index from before the machine started says nothing of a log of another round")
    func olderIndex() async throws {
        let killed = try await Killed()
        try FileManager.default.removeItem(atPath: killed.log)
        // Without a note the time of the file says it.
        try FileManager.default.removeItem(atPath: killed.database + Boot.ending)
        await expectRefusal(killed, "of this start, by its time")
        var times = [timespec(), timespec()]
        times[1].tv_sec = 1000
        #expect(utimensat(AT_FDCWD, killed.index, &times, 0) == 0)
        #expect(try await killed.states().allSatisfy { $0 == nil })
    }

    @Test("An index of another start of the machine says nothing of the log's end, whatever time its file has")
    func otherBoot() async throws {
        let killed = try await Killed()
        let (boot, other) = (Boot(id: "c0ffee"), Boot(id: "decaf"))
        boot.note(for: killed.database)
        try FileManager.default.removeItem(atPath: killed.log)
        // The file's time is after the start of the machine, as after one that began with a wrong clock.
        try LogCheck.check(killed.database, boot: other)
        #expect(throws: EntityStoreError.self) { try LogCheck.check(killed.database, boot: boot) }
        // Where the system does not say which start it is, the time counts.
        #expect(throws: EntityStoreError.self) { try LogCheck.check(killed.database, boot: Boot(id: nil)) }
        #expect(try await killed.states().allSatisfy { $0 == nil })
        // Who has opened it has made the index anew.
        #expect(Boot.current.id != nil)
        let note = try String(contentsOfFile: killed.database + Boot.ending, encoding: .utf8)
        #expect(note == Boot.current.id)
    }

    @Test("A damaged log is refused whichever start its index is of")
    func damagedAfterBoot() async throws {
        let killed = try await Killed()
        try killed.change(killed.log) { $0[$0.count / 2] ^= 1 }
        #expect(throws: EntityStoreError.self) { try LogCheck.check(killed.database, boot: Boot(id: "other")) }
    }

    @Test("A torn index, or one of a process that recovers the log, is none")
    func tornIndex() async throws {
        let killed = try await Killed()
        try killed.change(killed.index) { $0[16] ^= 1 }
        #expect(LogMark(of: killed.database, boot: .current) == nil)
        #expect(try await killed.states() == (1...20).map { "\($0)" })
    }

    @Test("To open a database again does not release the locks that its process holds")
    func locks() async throws {
        let folder = try Folder()
        let first = try folder.open()
        try await first.entities.save(bytes("1"), for: key("e"), fence: token(1))
        let path = folder.file("writer-1.sqlite")
        var info = stat()
        #expect(stat(path + "-shm", &info) == 0)
        // The system lists locks in pieces, and skips some where others are released meanwhile.
        func isLocked() throws -> Bool {
            try (0..<1000).contains { _ in
                try String(contentsOfFile: "/proc/locks", encoding: .utf8).contains(":\(info.st_ino) ")
            }
        }
        #expect(try isLocked())
        do { _ = try FolderFile(path: path, name: "writer-1.sqlite") }
        #expect(try isLocked())
        withExtendedLifetime(first) {}
    }
}

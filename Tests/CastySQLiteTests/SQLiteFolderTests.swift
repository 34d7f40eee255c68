import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastySQLite

@Suite("A folder of stores, looked at from outside")
struct SQLiteFolderTests {
    private static func token(_ sequence: UInt64) -> ShardFence {
        ShardFence(cluster: fence.cluster, upNumber: 1, start: 1, sequence: sequence)
    }

    /// Two processes have written: `moved` was saved by the first and then by the second, `gone` was deleted there.
    private func written(_ folder: Folder) async throws -> [SQLiteStores] {
        let (first, second) = (
            try SQLiteStores(directory: folder.path), try SQLiteStores(directory: folder.path)
        )
        let shard = StoreShard(type: "account", number: 0, of: 1)
        for id in ["moved", "gone", "first"] {
            try await first.entities.save(bytes("1"), for: key(id), fence: Self.token(1))
            try await first.remembered.record(.started(id), in: shard, fence: Self.token(1))
        }
        try await second.entities.save(bytes("2"), for: key("moved"), fence: Self.token(2))
        try await second.entities.delete(key("gone"), fence: Self.token(2))
        try await second.entities.save([0xFF, 0], for: key("second", type: "cart"), fence: Self.token(2))
        try await second.remembered.record(.stopped("gone"), in: shard, fence: Self.token(2))
        return [first, second]
    }

    private func entries(_ path: String) throws -> [SQLiteFolder.Entry] {
        var found: [SQLiteFolder.Entry] = []
        try SQLiteFolder(path: path).export { found.append($0) }
        return found
    }

    private let expected: [SQLiteFolder.Entry] = [
        .state(type: "account", id: "first", state: bytes("1"), fence: token(1)),
        .state(type: "account", id: "moved", state: bytes("2"), fence: token(2)),
        .state(type: "cart", id: "second", state: [0xFF, 0], fence: token(2)),
        .remembered(type: "account", id: "first"), .remembered(type: "account", id: "moved"),
    ]

    @Test("An export has of each entity the latest state, in order, while the folder is in use")
    func export() async throws {
        let folder = try Folder()
        let stores = try await written(folder)
        #expect(try entries(folder.path) == expected)
        #expect(stores.count == 2)
    }

    @Test("An export of many pages has each entity once")
    func manyPages() async throws {
        let folder = try Folder()
        let (first, second) = (
            try SQLiteStores(directory: folder.path), try SQLiteStores(directory: folder.path)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2500 {
                group.addTask {
                    try await first.entities.save(bytes("1"), for: key("e-\(number)"), fence: Self.token(1))
                }
            }
            try await group.waitForAll()
            for number in stride(from: 0, to: 2500, by: 3) {
                group.addTask {
                    try await second.entities.save(bytes("2"), for: key("e-\(number)"), fence: Self.token(2))
                }
            }
            try await group.waitForAll()
        }
        var states: [String: String] = [:]
        for case .state(_, let id, let state, _) in try entries(folder.path) {
            #expect(states.updateValue(String(decoding: state, as: UTF8.self), forKey: id) == nil)
        }
        #expect(states.count == 2500)
        for number in 0..<2500 { #expect(states["e-\(number)"] == (number.isMultiple(of: 3) ? "2" : "1")) }
    }

    @Test("A backup of a folder in use is a folder that a cluster goes on with, and its tokens still count")
    func backup() async throws {
        let folder = try Folder()
        let stores = try await written(folder)
        let copy = folder.file("copy")
        #expect(try SQLiteFolder(path: folder.path).backup(to: copy).count == 3)
        try await stores[1].entities.save(bytes("3"), for: key("moved"), fence: Self.token(2))
        #expect(try entries(copy) == expected)
        let restored = try SQLiteStores(directory: copy)
        #expect(restored.identity == stores[0].identity)
        await #expect(throws: EntityStoreError.self) {
            try await restored.entities.save(bytes("4"), for: key("moved"), fence: Self.token(1))
        }
        #expect(try await restored.entities.load(key("moved"), fence: Self.token(3)) == bytes("2"))
        #expect(try SQLiteFolder(path: copy).check().allSatisfy { $0.problems == [] })
        // Neither over a folder, nor over the rest of a copy that was broken off.
        #expect(throws: EntityStoreError.self) { try SQLiteFolder(path: folder.path).backup(to: copy) }
        try FileManager.default.createDirectory(
            atPath: folder.file("other.partial"), withIntermediateDirectories: false)
        #expect(throws: EntityStoreError.self) {
            try SQLiteFolder(path: folder.path).backup(to: folder.file("other"))
        }
    }

    @Test("A state that moves while a folder is copied is in the copy, whatever nodes compact meanwhile")
    func backupBesideCompaction() async throws {
        let folder = try Folder()
        let (first, second) = (try folder.open(), try folder.open())
        try await first.entities.save(bytes("other"), for: key("other", type: "cart"), fence: Self.token(1))
        try await second.entities.save(bytes("1"), for: key("moves"), fence: Self.token(1))
        let compactions = Collected<SQLiteCompaction?>()
        let copy = folder.file("copy")
        let path = folder.path
        try await onThread {
            let names = try SQLiteFolder(path: path).backup(to: copy) { name throws(EntityStoreError) in
                guard name == "writer-1.sqlite" else { return }
                waited {
                    _ = try? await first.entities.load(key("moves"), fence: Self.token(2))
                    try? await first.entities.save(bytes("2"), for: key("moves"), fence: Self.token(2))
                    compactions.add(try? await second.compact())
                }
            }
            #expect(names.count == 3)
        }
        #expect(compactions.values == [SQLiteCompaction(isSkipped: true)])
        #expect(try await folderState(copy, "moves") == bytes("1"))
        // And afterwards the folder is compacted as ever.
        #expect(try await second.compact().removedRows == 1)
        #expect(try await folderState(folder.path, "moves") == bytes("2"))
    }

    private func folderState(_ path: String, _ id: String) async throws -> [UInt8]? {
        try await SQLiteStores(directory: path, compactsEvery: nil).entities.load(key(id), fence: Self.token(9))
    }

    @Test("An export has an entity that moves to a new process meanwhile and is removed where it was")
    func exportBesideMoves() async throws {
        let folder = try Folder()
        let second = try folder.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1000..<2500 {
                group.addTask {
                    try await second.entities.save(bytes("1"), for: key("e-\(number)"), fence: Self.token(1))
                }
            }
            try await group.waitForAll()
        }
        let (moved, path) = (key("e-2400"), folder.path)
        let (late, states) = (Collected<SQLiteStores>(), Collected<SQLiteFolder.Entry>())
        try await onThread {
            try SQLiteFolder(path: path).export { entry in
                if states.values.isEmpty {
                    waited {
                        guard let stores = try? SQLiteStores(directory: path, compactsEvery: nil) else { return }
                        _ = try? await stores.entities.load(moved, fence: Self.token(2))
                        try? await stores.entities.save(bytes("2"), for: moved, fence: Self.token(2))
                        _ = try? await second.compact()
                        late.add(stores)
                    }
                }
                states.add(entry)
            }
        }
        var found: [String: [UInt8]] = [:]
        for case .state(_, let id, let state, _) in states.values { found[id] = state }
        #expect(late.values.count == 1)
        #expect(try SQLiteFolder(path: folder.path).check().map(\.states) == [0, 1499, 1])
        #expect(found.count == 1500)
        #expect(found["e-2400"] == bytes("2"))
    }

    @Test("A check counts the rows of every file, and finds nothing where nothing is wrong")
    func intact() async throws {
        let folder = try Folder()
        let stores = try await written(folder)
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.map(\.name) == ["casty.sqlite", "writer-1.sqlite", "writer-2.sqlite"])
        #expect(reports.map(\.states) == [0, 3, 3])
        #expect(reports.map(\.tokens) == [0, 1, 2])
        #expect(reports.map(\.remembered) == [0, 3, 1])
        #expect(reports.allSatisfy { $0.problems == [] && $0.version > 0 })
        #expect(stores.count == 2)
    }

    @Test(
        "A check finds a changed state, token and remembered entity",
        arguments: [
            "UPDATE entity SET state = CAST('900' AS BLOB) WHERE id = CAST('first' AS BLOB)",
            "UPDATE fence SET sequence = 0", "UPDATE remembered SET runs = 0 WHERE id = CAST('first' AS BLOB)",
        ])
    func changed(sql: String) async throws {
        let folder = try Folder()
        _ = try await written(folder)
        try folder.meddle(sql)
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.map(\.problemCount) == [0, 1, 0])
        #expect(reports[1].problems.first?.contains("checksum") == true)
    }

    @Test("A check finds changed pages, and a file of nonsense, and says what a later version has written")
    func otherFiles() async throws {
        let folder = try Folder()
        do { _ = try await written(folder) }
        try Data(repeating: 0x5A, count: 9000).write(to: URL(filePath: folder.file("writer-3.sqlite")))
        try folder.meddle("PRAGMA user_version = 9", in: "casty.sqlite")
        let reports = try SQLiteFolder(path: folder.path).check()
        #expect(reports.map(\.problemCount) == [1, 0, 0, 1])
        #expect(reports[0].problems.first?.contains("later version (9)") == true)
        let later = #expect(throws: EntityStoreError.self) {
            try SQLiteFolder(path: folder.path).backup(to: folder.file("copy"))
        }
        #expect(later?.message.contains("later version (9)") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file("copy")))
        // Nor does a process read one that another has written, whatever the shared file says.
        try folder.meddle("PRAGMA user_version = 9", in: "writer-2.sqlite")
        let reader = #expect(throws: EntityStoreError.self) { try StateFile.reader(folder.file("writer-2.sqlite")) }
        #expect(reader?.message.contains("later version (9) of the program, and this one reads") == true)
        #expect(throws: EntityStoreError.self) { try SQLiteFolder(path: folder.file("none")) }
        #expect(throws: EntityStoreError.self) { try SQLiteFolder(path: folder.file("copy.partial")).check() }
    }
}

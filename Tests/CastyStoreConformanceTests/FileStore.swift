import Casty
import Foundation
import Synchronization

// The store of the page WritingAStore in Casty.docc, line by line: `ReadmeTests` compares the two.

/// States in one file, which every change replaces.
final class FileStore: EntityStore {
    private let path: String
    /// How many writes are left until this opener crashes, as a test wants it.
    private let writesLeft: Mutex<Int>

    init(_ path: String, crashesAt write: Int = .max) {
        self.path = path
        writesLeft = Mutex(write)
    }

    func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try change(key, fence) { states in states[key.id].map { Array($0) } }
    }

    func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try change(key, fence) { states in states[key.id] = Data(state) }
    }

    func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try change(key, fence) { states in states[key.id] = nil }
    }

    /// Compares the token, makes a change, and writes down both, while no other opener does.
    private func change<Result>(
        _ key: EntityKey, _ fence: ShardFence, _ body: (inout [String: Data]) -> Result
    ) throws(EntityStoreError) -> Result {
        do {
            guard writesLeft.withLock({ $0 > 0 }) else { throw POSIXError(.EIO) }
            let lock = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            guard lock >= 0 else { throw POSIXError(.EIO) }
            defer { close(lock) }
            guard flock(lock, LOCK_EX) == 0 else { throw POSIXError(.EIO) }
            let file = URL(filePath: path)
            let former = FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: file) : Data("{}".utf8)
            var types = try JSONDecoder().decode([String: FileType].self, from: former)
            var type = types[key.type] ?? FileType(shards: key.shards, highest: FileToken(fence))
            try type.pass(fence, for: key)
            let result = body(&type.states)
            types[key.type] = type
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let latter = try encoder.encode(types)
            // A load has changed nothing, unless its token is new: then that is there before the load is answered.
            if latter != former { try replace(with: latter) }
            return result
        } catch let error as EntityStoreError {
            throw error
        } catch let error as DecodingError {
            throw EntityStoreError(.corrupt, "\(path): \(error)")
        } catch {
            throw EntityStoreError(.unavailable, "\(path): \(error)", isOutcomeUnknown: true)
        }
    }

    /// After a crash the former file is there, or the new one.
    private func replace(with content: Data) throws {
        try countWrite()
        let new = URL(filePath: path + ".new")
        try Data().write(to: new)
        let file = try FileHandle(forWritingTo: new)
        defer { try? file.close() }
        try countWrite()
        try file.write(contentsOf: content)
        try countWrite()
        try file.synchronize()
        try countWrite()
        guard rename(new.path, path) == 0 else { throw POSIXError(.EIO) }
        try countWrite()
        let folder = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw POSIXError(.EIO) }
    }

    private func countWrite() throws {
        let left = writesLeft.withLock { left in
            left -= 1
            return left
        }
        if left <= 0 { throw POSIXError(.EIO) }
    }
}

/// What the file has of a type: its states, and the tokens by which it is fenced.
private struct FileType: Codable {
    /// The number of shards, as the highest token of the type has it.
    var shards: Int
    var highest: FileToken
    /// The highest token of each shard.
    var tokens: [Int: FileToken] = [:]
    var states: [String: Data] = [:]

    mutating func pass(_ fence: ShardFence, for key: EntityKey) throws(EntityStoreError) {
        guard fence.cluster == highest.cluster else {
            throw EntityStoreError(
                .foreign, "\(key.type) belongs to cluster \(highest.cluster), not to \(fence.cluster)")
        }
        if key.shards != shards {
            guard !fence.isSuperseded(by: highest.fence) else {
                throw EntityStoreError(.stale, "\(key.type) has \(shards) shards by now, not \(key.shards)")
            }
            (shards, tokens, highest) = (key.shards, [:], FileToken(fence))
        }
        if let known = tokens[key.shard]?.fence, fence.isSuperseded(by: known) {
            throw EntityStoreError(
                .stale, "shard \(key.shard) of \(key.type) is at \(known), and this node had it at \(fence)")
        }
        tokens[key.shard] = FileToken(fence)
        if highest.fence.isSuperseded(by: fence) { highest = FileToken(fence) }
    }
}

private struct FileToken: Codable {
    let cluster: ClusterID
    let upNumber: Int
    let start: Int
    let sequence: UInt64

    init(_ fence: ShardFence) {
        (cluster, upNumber, start, sequence) = (fence.cluster, fence.upNumber, fence.start, fence.sequence)
    }

    var fence: ShardFence { ShardFence(cluster: cluster, upNumber: upNumber, start: start, sequence: sequence) }
}

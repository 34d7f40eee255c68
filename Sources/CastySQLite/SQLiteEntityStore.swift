public import CastySharding
import Dispatch
import Synchronization

/// Stores the states of entities in the files of one folder.
///
/// A state is on disk when ``save(_:for:fence:)`` returns. A crash of the process or the machine loses no saved state,
/// and leaves none half-written. Each state has a checksum: bytes that the disk has changed are reported as an error and
/// never returned as a state.
///
/// The processes of one machine share the folder, and each has a file of its own that it alone writes. So none waits
/// for another, not even for one that is stopped in the middle of a commit. All changes that wait at the same time
/// share one sync.
public final class SQLiteEntityStore: EntityStore {
    let own: StateWriter
    private let sources: StateSources
    /// The file of the folder that says to which cluster it belongs.
    let shared: SQLiteFile
    private let readers = DispatchQueue(label: "casty.states.read")

    init(directory: String, shared: SQLiteFile, pageLimit: Int? = nil) throws(EntityStoreError) {
        self.shared = shared
        sources = try StateSources(directory: directory, shared: shared)
        own = try StateWriter(WriterSlot(directory: directory), sources, pageLimit: pageLimit)
    }

    /// The state last saved for an entity, or `nil` if there is none.
    public func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try await read(key, fence) { sources throws(EntityStoreError) in try sources.latest(key, for: fence) }
    }

    /// Reads from all files, after the token is on disk: from then on no other process acknowledges a change of the
    /// shard that this one would not read.
    func read<Value: Sendable>(
        _ key: EntityKey, _ fence: ShardFence,
        _ body: @escaping @Sendable (StateSources) throws(EntityStoreError) -> Value
    ) async throws(EntityStoreError) -> Value {
        try await own.raise(fence, for: key)
        return try await read(body)
    }

    /// Reads from the files, beside their writers.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (StateSources) throws(EntityStoreError) -> Value
    ) async throws(EntityStoreError) -> Value {
        let result: Result<Value, EntityStoreError> = await withUnsafeContinuation { continuation in
            readers.async { [sources] in
                continuation.resume(returning: Result { () throws(EntityStoreError) in try body(sources) })
            }
        }
        return try result.get()
    }

    /// Notes whether an entity runs.
    func note(runs: Bool, _ key: EntityKey, _ fence: ShardFence) async throws(EntityStoreError) {
        try await own.note(runs: runs, key, fence)
    }

    /// Saves the state of an entity; replaces the previous one.
    public func save(_ state: [UInt8], for key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await own.put(state, for: key, fence)
    }

    /// Deletes the state of an entity.
    public func delete(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) {
        try await own.put(nil, for: key, fence)
    }

    /// The highest number of a coordinator that any token in the folder has.
    public func highestUpNumber() throws(EntityStoreError) -> Int {
        try sources.refresh()
        return try sources.highestUpNumber()
    }
}

/// The files of a folder, for reading.
final class StateSources: Sendable {
    private let directory: String
    /// The file in which version 2 kept all states, if it has any.
    private let legacy: SQLiteFile?
    /// The file in which earlier versions kept which entities run, if any does.
    let legacyRemembered: SQLiteFile?
    private let files = Mutex<[String: StateFile]>([:])

    init(directory: String, shared: SQLiteFile) throws(EntityStoreError) {
        self.directory = directory
        legacy = try shared.hasLegacyStates() ? shared : nil
        legacyRemembered = try shared.hasLegacyRemembered() ? shared : nil
    }

    /// Opens the files that have come since.
    func refresh() throws(EntityStoreError) {
        for path in try WriterSlot.files(in: directory) where !files.withLock({ $0.keys.contains(path) }) {
            let file = try StateFile(path: path, writes: false)
            files.withLock { $0[path] = file }
        }
    }

    /// The state of an entity as the row with the highest token has it.
    ///
    /// - Throws: ``EntityStoreError``; `stale` where another process has used the shard under a higher token.
    func latest(_ key: EntityKey, for fence: ShardFence) throws(EntityStoreError) -> [UInt8]? {
        if let known = try highest(for: key, besides: nil) { try Self.check(fence, known, key) }
        var best: StateFile.Found?
        for file in all {
            guard let row = try file.row(of: key) else { continue }
            guard row.fence.cluster == fence.cluster else { throw .foreign(row.fence, fence) }
            if best.map({ $0.fence.isSuperseded(by: row.fence) }) ?? true { best = row }
        }
        if let best { return best.state }
        return try legacy?.legacyState(type: key.type, id: key.id)
    }

    /// The highest token of a shard in all files but one.
    func highest(for key: EntityKey, besides path: String?) throws(EntityStoreError) -> ShardFence? {
        var fences: [ShardFence] = []
        for file in all where file.path != path {
            if let fence = try file.fence(of: key) { fences.append(fence) }
        }
        return fences.highest
    }

    func highestUpNumber() throws(EntityStoreError) -> Int {
        var highest = 0
        for file in all { highest = max(highest, try file.highestUpNumber()) }
        return highest
    }

    var all: [StateFile] { files.withLock { $0.values.sorted { $0.path < $1.path } } }

    static func check(_ fence: ShardFence, _ known: ShardFence, _ key: EntityKey) throws(EntityStoreError) {
        guard known.cluster == fence.cluster else { throw .foreign(known, fence) }
        if fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
    }
}

public import CastySharding
import Dispatch

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
    private let lanes = ReadLanes()
    let compactor: Compactor

    init(directory: String, shared: SQLiteFile, pageLimit: Int? = nil) throws(EntityStoreError) {
        self.shared = shared
        let moves = try MoveCounter(directory: directory)
        sources = try StateSources(directory: directory, shared: shared, moves: moves)
        own = try StateWriter(WriterSlot(directory: directory, moves: moves), sources, pageLimit: pageLimit)
        compactor = Compactor(own, sources)
    }

    /// How many transactions this process has written, and how many changes in them.
    package var groups: (transactions: Int, changes: Int) { own.groups }

    /// The state last saved for an entity, or `nil` if there is none.
    public func load(_ key: EntityKey, fence: ShardFence) async throws(EntityStoreError) -> [UInt8]? {
        try await read(.loads, key, fence) { sources throws(EntityStoreError) in try sources.latest(key, for: fence) }
    }

    /// Reads from all files, after the token is on disk: from then on no other process acknowledges a change of the
    /// shard that this one would not read.
    func read<Value: Sendable>(
        _ lane: ReadLane, _ key: EntityKey, _ fence: ShardFence,
        _ body: @escaping @Sendable (StateSources) throws(EntityStoreError) -> Value
    ) async throws(EntityStoreError) -> Value {
        try await own.raise(fence, for: key)
        return try await read(lane, body)
    }

    /// Reads from the files, beside their writers and the reads of other lanes.
    func read<Value: Sendable>(
        _ lane: ReadLane, _ body: @escaping @Sendable (StateSources) throws(EntityStoreError) -> Value
    ) async throws(EntityStoreError) -> Value {
        let result: Result<Value, EntityStoreError> = await withUnsafeContinuation { continuation in
            lanes[lane].async { [sources] in
                continuation.resume(
                    returning: Result { () throws(EntityStoreError) in
                        try sources.consistently { () throws(EntityStoreError) in try body(sources) }
                    })
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
        return try sources.consistently { () throws(EntityStoreError) in try sources.highestUpNumber() }
    }
}

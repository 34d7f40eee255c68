import CastySharding
import Glibc
import Synchronization

/// The files of a folder, for reading.
///
/// Rows move between files, see ``Compactor``. What reads more than one file, or misses what it looks for, reads
/// ``consistently(_:)``.
final class StateSources: Sendable {
    let directory: String
    let moves: MoveCounter
    /// The file in which version 2 kept all states, if it has any.
    private let legacy: SQLiteFile?
    /// The file in which earlier versions kept which entities run, if any does.
    let legacyRemembered: SQLiteFile?

    private struct Files {
        var open: [String: StateFile] = [:]
        /// The numbers of removals and of files before the folder was last listed.
        var listedAt: MoveCounter.Counts?
    }

    private let files = Mutex(Files())

    init(directory: String, shared: SQLiteFile, moves: MoveCounter) throws(EntityStoreError) {
        self.directory = directory
        self.moves = moves
        legacy = try shared.hasLegacyStates() ? shared : nil
        legacyRemembered = try shared.hasLegacyRemembered() ? shared : nil
    }

    /// How often a reader begins again when rows move meanwhile. One move takes a commit, so this is never reached
    /// unless the counter is broken.
    private static let attempts = 1000

    private static func restless(_ directory: String) -> EntityStoreError {
        EntityStoreError(.unavailable, "\(directory): its files changed with each of \(attempts) attempts to read them")
    }

    /// Opens the files that have come since, and closes those that were removed.
    func refresh() throws(EntityStoreError) {
        for _ in 0..<Self.attempts {
            var count = try moves.counts()
            count.tokens = 0
            if files.withLock({ $0.listedAt == count }) { return }
            let before = files.withLock { Set($0.open.keys) }
            let listed = try WriterSlot.files(in: directory)
            var hasAll = true
            for path in listed where !before.contains(path) {
                guard let file = try StateFile.reader(path) else {
                    hasAll = false
                    continue
                }
                files.withLock { $0.open[path] = file }
            }
            // What existed when the listing began is in it, unless something was removed meanwhile.
            guard hasAll, try moves.value() == count.moves else { continue }
            // Closed outside the lock, which only the last reference does.
            let removed = before.subtracting(listed)
            _ = files.withLock { files in
                files.listedAt = count
                return removed.map { files.open.removeValue(forKey: $0) }
            }
            return
        }
        throw Self.restless(directory)
    }

    /// Reads from files while nothing is removed from any.
    ///
    /// - Parameter body: Reads; may run several times.
    func consistently<Value>(
        _ body: () throws(EntityStoreError) -> Value
    ) throws(EntityStoreError) -> Value {
        for _ in 0..<Self.attempts {
            // The next owner's file may have come since, or a file may be gone, whose successor goes on.
            var listing = try moves.counts()
            listing.tokens = 0
            let count = listing.moves
            if files.withLock({ $0.listedAt != listing }) { try refresh() }
            do throws(EntityStoreError) {
                let value = try body()
                if try moves.value() == count { return value }
            } catch {
                // It may come from what was read between two files.
                if try moves.value() == count { throw error }
            }
        }
        throw Self.restless(directory)
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

    var all: [StateFile] { files.withLock { $0.open.values.sorted { $0.path < $1.path } } }

    static func check(_ fence: ShardFence, _ known: ShardFence, _ key: EntityKey) throws(EntityStoreError) {
        guard known.cluster == fence.cluster else { throw .foreign(known, fence) }
        if fence.isSuperseded(by: known) { throw .stale(key, fence, known) }
    }
}

/// Opens files that another process may remove at any time.
enum RemovableFile {
    /// Opens an existing file; `nil` where it is gone.
    ///
    /// SQLite creates what is missing. A name that was listed and is gone is never used again, so what it has created
    /// there can be removed.
    static func open<File>(
        _ path: String, _ body: (String) throws(EntityStoreError) -> File
    ) throws(EntityStoreError) -> File? {
        guard let before = identity(path) else { return nil }
        do throws(EntityStoreError) {
            let file = try body(path)
            if identity(path)?.number == before.number { return file }
        } catch {
            if identity(path)?.number == before.number { throw error }
        }
        if let stray = identity(path), stray.size == 0 { unlink(path) }
        return nil
    }

    private static func identity(_ path: String) -> (number: ino_t, size: Int)? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        return (info.st_ino, Int(info.st_size))
    }
}

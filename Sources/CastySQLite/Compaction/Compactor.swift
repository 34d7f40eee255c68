import CastySharding
import Dispatch
import Glibc
import Synchronization

/// Keeps a folder small: moves what the files of gone processes hold into the file of this one and removes them, and
/// removes from this file what other files supersede.
///
/// A row is copied first, in transactions of the new file that come between those of the entities. Then the old file is
/// removed as a whole. A reader that has it open reads on in what it was; ``MoveCounter`` tells it to look again. A
/// process that dies or hangs at any moment has lost nothing: until the last step the old file is there, and a row that
/// two files have counts once.
///
/// A file with something wrong in it, a wrong checksum for example, is left as it is.
final class Compactor: Sendable {
    private struct State {
        /// The files whose processes were gone the last time, too.
        var gone: Set<String> = []
        /// What was found when nothing was left to remove, so that nothing is searched again until it changes.
        var settled: [String: String] = [:]
    }

    let own: StateWriter
    let sources: StateSources
    private let queue = DispatchQueue(label: "casty.states.compact", qos: .utility)
    private let state = Mutex(State())
    /// Called when a page of a log was read; for tests.
    let onPage = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ own: StateWriter, _ sources: StateSources) {
        (self.own, self.sources) = (own, sources)
    }

    /// Compacts again and again, as long as the store is there.
    func schedule(every interval: Duration) {
        let (seconds, attoseconds) = interval.components
        let wait = DispatchTimeInterval.milliseconds(
            Int(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
        queue.asyncAfter(deadline: .now() + wait) { [weak self] in
            guard let self else { return }
            // What fails now, on a full disk for example, is tried again the next time; nothing depends on it.
            _ = try? run(isPatient: true)
            schedule(every: interval)
        }
    }

    /// Compacts once.
    func compact() async throws(EntityStoreError) -> SQLiteCompaction {
        let result: Result<SQLiteCompaction, EntityStoreError> = await withUnsafeContinuation { continuation in
            queue.async { [self] in
                continuation.resume(
                    returning: Result { () throws(EntityStoreError) in try run(isPatient: false) })
            }
        }
        return try result.get()
    }

    /// - Parameter isPatient: Whether a file is left alone until its process has been gone for two runs: a process that
    ///   starts again takes its file back, and nothing needs to be copied.
    private func run(isPatient: Bool) throws(EntityStoreError) -> SQLiteCompaction {
        guard sources.moves.tryLock() else { return SQLiteCompaction(isSkipped: true) }
        defer { sources.moves.unlock() }
        try sources.refresh()
        var report = SQLiteCompaction()
        var gone: Set<String> = []
        for file in sources.all where file.path != own.file.path {
            guard let slot = try WriterSlot(taking: file.path, in: sources.directory) else { continue }
            let wasGone = state.withLock { $0.gone.contains(file.path) }
            gone.insert(file.path)
            if isPatient, !wasGone { continue }
            do throws(EntityStoreError) {
                try fold(slot)
                report.foldedFiles += 1
            } catch {
                report.problems.append(error.message)
            }
        }
        try removeRemains()
        let found = gone
        state.withLock { $0.gone = found }
        for table in StateFile.EntityTable.allCases { report.removedRows += try removeSuperseded(in: table) }
        report.removedRows += try removeFromLog()
        return report
    }

    /// Removes the logs of removed files, which a crash between two removals has left.
    private func removeRemains() throws(EntityStoreError) {
        let names = try Set(WriterSlot.names(in: sources.directory))
        for name in names.sorted() {
            for ending in ["-wal", "-shm", Boot.ending] where name.hasSuffix(ending) {
                let file = String(name.dropLast(ending.count))
                guard let number = WriterSlot.number(of: file), !names.contains(file) else { continue }
                // Its process may be about to create the file: only under the lock of its slot.
                let path = "\(sources.directory)/\(file)"
                guard number != own.file.number, let slot = try WriterSlot(taking: path, in: sources.directory) else {
                    continue
                }
                withExtendedLifetime(slot) {
                    var info = stat()
                    if lstat(path, &info) != 0 { unlink(path + ending) }
                }
            }
        }
    }

    /// Whether a search would find what it found when nothing was left to remove.
    func isSettled(_ subject: String, _ found: String) -> Bool { state.withLock { $0.settled[subject] == found } }

    /// Notes that nothing is left to remove.
    func settle(_ subject: String, _ found: String?) { state.withLock { $0.settled[subject] = found } }
}

/// What a compaction of a folder has done.
public struct SQLiteCompaction: Hashable, Sendable {
    /// Whether another process was at it, so that nothing was done.
    public var isSkipped = false
    /// The files of gone processes that were folded into this process's file and removed.
    public var foldedFiles = 0
    /// The rows that were removed from this process's file, because other files supersede them.
    public var removedRows = 0
    /// Why files of gone processes were left, in words.
    public var problems: [String] = []
}

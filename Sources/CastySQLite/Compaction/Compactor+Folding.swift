import CastySharding
import GRDB
import Glibc

extension Compactor {
    /// Copies everything from the file of a gone process into this one, then removes that file.
    ///
    /// - Parameter slot: The slot of the file: as long as it is held, no process can take the file back.
    func fold(_ slot: WriterSlot) throws(EntityStoreError) {
        try copy(from: slot)
        // Whoever opens the file now and reads it later finds the whole of it in the file itself. The connection is
        // closed again before the file goes.
        try StateFile(path: slot.path, writes: true).checkpoint()
        CrashPoint.reach("fold-copied")
        try sources.moves.increment()
        CrashPoint.reach("fold-counted")
        guard unlink(slot.path) == 0 else {
            throw EntityStoreError(.unavailable, "\(slot.path): \(String(cString: strerror(errno)))")
        }
        // A file that came back after a crash of the machine would have rows that are not needed any more, and so would
        // not be excluded any more.
        try Directory.sync(sources.directory)
        CrashPoint.reach("fold-removed")
        for ending in ["-wal", "-shm", Boot.ending] { unlink(slot.path + ending) }
        try sources.refresh()
    }

    private func copy(from slot: WriterSlot) throws(EntityStoreError) {
        // Opened as its owner would, which brings a file of an earlier version to the present one.
        let file = try StateFile(path: slot.path, writes: true)
        let tokens = try file.fences()
        // The logs' ends come first: a takeover that this process writes meanwhile knows the log from its old file too.
        let ends = try file.logEnds()
        try own.adopt(tokens: tokens) { database in
            for log in ends.logs { try EventTables.raise(end: ends[log], of: log, database) }
        }
        CrashPoint.reach("fold-tokens")
        try copy(file.states(after:)) { try StateFile.adopt($0, $1) }
        try copy(file.running(after:)) { try StateFile.adopt($0, $1) }
        try copy(file.logRows(after:)) { try $0.adopt($1) }
    }

    private func copy<Found>(
        _ page: (Found?) throws(EntityStoreError) -> [Found], _ adopt: (Found, Database) throws -> Void
    ) throws(EntityStoreError) {
        var last: Found?
        while true {
            let rows = try page(last)
            guard let next = rows.last else { return }
            try own.rewrite { database in for row in rows { try adopt(row, database) } }
            CrashPoint.reach("fold-page")
            last = next
        }
    }
}

import CastySharding
import Glibc

/// Refuses a database whose write-ahead log has lost what was committed.
enum LogCheck {
    /// How often a log is looked at again whose writer has begun a new round meanwhile.
    private static let attempts = 10

    /// Compares the log of a database with its index; before the database is opened, because the first process that
    /// opens it makes the index anew from what is left of the log.
    ///
    /// - Parameter boot: The start of the machine since which it has been running.
    /// - Throws: ``EntityStoreError`` with the code `corrupt` where the log is damaged or shortened.
    /// - Complexity: O(*n*) in the size of the log.
    static func check(_ path: String, boot: Boot = .current) throws(EntityStoreError) {
        let (log, index) = (path + "-wal", path + "-shm")
        var seen: LogMark?
        for _ in 0..<attempts {
            guard let mark = LogMark(of: path, boot: boot), mark.frames > 0 else { return }
            guard let left = missing(of: mark, in: log) else { return }
            // A writer that began a new round of the log in between has changed the mark too.
            if mark == seen {
                throw EntityStoreError(
                    .corrupt,
                    """
                    \(log) is not what was written: of \(mark.frames) pages that were committed \(left) are left, and the changes in the \
                    others would be lost; restore the files from a backup, or, to go on without these changes, remove \(index)
                    """)
            }
            seen = mark
        }
    }

    /// How many frames are whole, where fewer are than the mark says; `nil` where none is missing.
    private static func missing(of mark: LogMark, in path: String) -> Int? {
        guard let log = WriteAheadLog(path: path, frames: mark.frames) else {
            // A log is emptied or removed once all of it is in the database, which an older mark does not know.
            let isMoved = mark.moved >= mark.frames && size(of: path) == 0
            return mark.isOfThisBoot && !isMoved ? 0 : nil
        }
        // A whole header of another round: after a crash of the machine the mark may be older than the log, also where the disk
        // has gone to another machine.
        guard log.salt == mark.salt else { return nil }
        let isWhole = log.frames >= mark.frames && [log.checksum.first, log.checksum.second] == mark.sums
        return isWhole ? nil : min(log.frames, mark.frames - 1)
    }

    /// The bytes of a file; 0 where there is none.
    private static func size(of path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_size) : 0
    }
}

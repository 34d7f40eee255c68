import CastySharding
import Glibc
import Synchronization

/// A database that this process has open or is about to open, its log checked by ``LogCheck`` before the first time.
///
/// While a process has a database open it must not close another descriptor of the index beside it: by the rules of POSIX
/// that would release the locks by which SQLite orders readers and writers. So the index is read only while the process
/// has the database not open, and one thread at a time.
final class OpenDatabase: Sendable {
    private struct FileID: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static let counts = Mutex([FileID: Int]())
    /// `nil` where the file did not exist.
    private let id: FileID?

    /// - Throws: ``EntityStoreError`` with the code `corrupt` where the log of the database is damaged or shortened.
    init(checking path: String) throws(EntityStoreError) {
        var info = stat()
        guard stat(path, &info) == 0 else {
            id = nil
            return
        }
        let id = FileID(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
        try Self.counts.withLock { counts throws(EntityStoreError) in
            let count = counts[id, default: 0]
            if count == 0 { try LogCheck.check(path) }
            counts[id] = count + 1
        }
        self.id = id
    }

    deinit {
        guard let id else { return }
        Self.counts.withLock { counts in
            let left = counts[id, default: 1] - 1
            counts[id] = left > 0 ? left : nil
        }
    }
}

import CastySharding
import Glibc

/// Counts how often rows or files of a folder were removed, across processes.
///
/// It works like a sequence lock (Lameter, "Effective Synchronization on Linux/NUMA Systems", 2005). A row that moves is
/// in its new file before it leaves the old one, and the counter rises in between. A reader that found the row in
/// neither has read the new file before the copy and the old one after the removal, so it finds a changed counter, and
/// reads again. The counter need not survive a crash of the machine: no reader does either.
///
/// Beside it are two marks of what has come: files, and fencing tokens. Each process changes one after what it stands for is
/// there, and before it reads what others have written. So who finds a mark as it was need not look again: either nothing
/// has come, or the one that comes reads later what was written before this look. A mark is a random number, because a
/// count could come back: one that is read, and written much later by a process that hung in between.
///
/// The same file is the lock of those that remove: one process of the folder at a time.
final class MoveCounter: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Parameter directory: The folder; the counter's file is created if it is missing.
    init(directory: String) throws(EntityStoreError) {
        path = directory + "/casty.moves"
        descriptor = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EntityStoreError(
                errno == ENOSPC ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The counter and the marks in the order in which the file has them.
    struct Counts: Hashable, Sendable {
        /// The removals.
        var moves: UInt64 = 0
        var files: UInt64 = 0
        var tokens: UInt64 = 0
    }

    /// The number of removals until now.
    func value() throws(EntityStoreError) -> UInt64 { try counts().moves }

    /// The counter and the marks; 0 for what was never noted.
    func counts() throws(EntityStoreError) -> Counts {
        var counts: (UInt64, UInt64, UInt64) = (0, 0, 0)
        while true {
            let size = withUnsafeMutableBytes(of: &counts) { pread(descriptor, $0.baseAddress, $0.count, 0) }
            if size >= 0 {
                return Counts(
                    moves: UInt64(littleEndian: counts.0), files: UInt64(littleEndian: counts.1),
                    tokens: UInt64(littleEndian: counts.2))
            }
            guard errno == EINTR else {
                throw EntityStoreError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// The counter of a folder that is only looked at; `nil` where it has none yet.
    static func existing(in directory: String) throws(EntityStoreError) -> MoveCounter? {
        var info = stat()
        if lstat(directory + "/casty.moves", &info) != 0, errno == ENOENT { return nil }
        return try MoveCounter(directory: directory)
    }

    /// The number of removals in a folder that is only looked at; 0 where it has no counter yet.
    static func value(in directory: String) throws(EntityStoreError) -> UInt64 {
        try existing(in: directory)?.value() ?? 0
    }

    /// Counts a removal that is about to come. Only the owner of the lock calls it.
    func increment() throws(EntityStoreError) { try write(value() &+ 1, at: 0) }

    /// Notes that the file of this process is there.
    func noteFile() throws(EntityStoreError) { try write(.random(in: 1...(.max)), at: 1) }

    /// Notes that tokens are on disk.
    func noteTokens() throws(EntityStoreError) { try write(.random(in: 1...(.max)), at: 2) }

    private func write(_ count: UInt64, at index: Int) throws(EntityStoreError) {
        let width = MemoryLayout<UInt64>.size
        let size = withUnsafeBytes(of: count.littleEndian) {
            pwrite(descriptor, $0.baseAddress, $0.count, off_t(index * width))
        }
        guard size == width else {
            throw EntityStoreError(
                size >= 0 || errno == ENOSPC || errno == EFBIG ? .full : .unavailable, "\(path) cannot be written")
        }
    }

    /// Takes the lock of those that remove rows, unless another process has it. The kernel frees it when that dies.
    func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Waits for the lock, and tries a hundred times a second.
    func waitForLock(attempts: Int) throws(EntityStoreError) {
        for _ in 0..<attempts {
            if tryLock() { return }
            usleep(10_000)
        }
        throw EntityStoreError(.unavailable, "\(path): another process compacts the folder; does it hang?")
    }

    func unlock() { flock(descriptor, LOCK_UN) }
}

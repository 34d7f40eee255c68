import CastySharding
import Glibc

/// Counts how often rows or files of a folder were removed, across processes.
///
/// It works like a sequence lock (Lameter, "Effective Synchronization on Linux/NUMA Systems", 2005). A row that moves is
/// in its new file before it leaves the old one, and the counter rises in between. A reader that found the row in
/// neither has read the new file before the copy and the old one after the removal, so it finds a changed counter, and
/// reads again. The counter need not survive a crash of the machine: no reader does either.
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

    /// The number of removals until now.
    func value() throws(EntityStoreError) -> UInt64 {
        var count: UInt64 = 0
        while true {
            let size = withUnsafeMutableBytes(of: &count) { pread(descriptor, $0.baseAddress, $0.count, 0) }
            if size >= 0 { return UInt64(littleEndian: count) }
            guard errno == EINTR else {
                throw EntityStoreError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// The number of removals in a folder that is only looked at; 0 where it has no counter yet.
    static func value(in directory: String) throws(EntityStoreError) -> UInt64 {
        var info = stat()
        if lstat(directory + "/casty.moves", &info) != 0, errno == ENOENT { return 0 }
        return try MoveCounter(directory: directory).value()
    }

    /// Counts a removal that is about to come. Only the owner of the lock calls it.
    func increment() throws(EntityStoreError) {
        let next = (try value() &+ 1).littleEndian
        let size = withUnsafeBytes(of: next) { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard size == MemoryLayout<UInt64>.size else {
            throw EntityStoreError(
                size >= 0 || errno == ENOSPC || errno == EFBIG ? .full : .unavailable, "\(path) cannot be written")
        }
    }

    /// Takes the lock of those that remove rows, unless another process has it. The kernel frees it when that dies.
    func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    func unlock() { flock(descriptor, LOCK_UN) }
}

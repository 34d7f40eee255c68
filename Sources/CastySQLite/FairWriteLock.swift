import CastySharding
import Glibc

/// Where the writers of several processes take turns.
///
/// SQLite's write lock is unfair: who commits one transaction after the other takes it again within microseconds, and everybody else, who
/// asks anew every few milliseconds, may never find it free. Here a writer passes a turnstile on its way to that lock, and stands in it until it has the
/// lock: the one that has just committed finds the turnstile taken, and comes after the one that waits. The kernel takes it back from a process that
/// dies.
final class FairWriteLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Parameter path: A file that only serves as the lock; it is made, for its owner only, and stays empty.
    init(path: String) throws(EntityStoreError) {
        self.path = path
        descriptor = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EntityStoreError(
                errno == ENOSPC ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits until it is free, and asks once a millisecond.
    ///
    /// - Throws: ``EntityStoreError`` where another process still stands in it after so many attempts: one that hangs.
    func enter(attempts: Int) throws(EntityStoreError) {
        for _ in 0..<attempts {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw EntityStoreError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
            }
            usleep(1000)
        }
        throw EntityStoreError(.unavailable, "\(path): another process stands in the way of all writers; does it hang?")
    }

    func leave() {
        flock(descriptor, LOCK_UN)
    }
}

import CastySharding
import Glibc

/// A lock by which the writers of several processes take turns.
///
/// SQLite's write lock is unfair: a process that commits one transaction after another takes it again within
/// microseconds, and a process that retries every few milliseconds may never find it free. Here a writer first takes the
/// fair lock, and holds it until it has SQLite's write lock. The process that has just committed finds it
/// taken, and comes after the waiting one. The kernel releases the lock when a process dies.
final class FairWriteLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Parameter path: A file that only serves as the lock; it is created if it is missing, readable by its owner
    ///   only, and stays empty.
    init(path: String) throws(EntityStoreError) {
        self.path = path
        descriptor = open(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EntityStoreError(
                errno == ENOSPC ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits until the lock is free; tries once a millisecond.
    ///
    /// - Throws: ``EntityStoreError`` if another process still holds it after `attempts` attempts: that process hangs.
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

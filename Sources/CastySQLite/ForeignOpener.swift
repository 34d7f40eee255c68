import Glibc

/// Finds out whether another process has a database open.
enum ForeignOpener {
    /// The byte of the shared-memory file on which every connection in WAL mode holds a lock as long as it is open
    /// (SQLite, os_unix.c: `UNIX_SHM_DMS`).
    private static let openByte = 128

    /// Another process that has the database open in WAL mode; `nil` if there is none.
    ///
    /// The database must be open here: closing a descriptor releases all locks that a process has on a file, so the one
    /// that is opened here stays open.
    static func process(thatHasOpen path: String) -> pid_t? {
        let descriptor = open(path + "-shm", O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(openByte)
        lock.l_len = 1
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return lock.l_pid
    }
}

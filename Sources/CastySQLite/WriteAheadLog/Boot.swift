import Glibc

/// One start of the machine, told from all others.
///
/// Beside each database is a small file with the start in which its index was last known to be new. The times of files do not
/// say it: a machine without a clock of its own starts with a wrong time, and its files come from the future.
struct Boot: Sendable {
    /// What the file beside a database is called, after the name of that.
    static let ending = "-boot"
    private static let sizeLimit = 64

    /// The present one.
    static let current = Boot(id: read("/proc/sys/kernel/random/boot_id"))

    /// A random text; `nil` where the system gives none.
    let id: String?

    /// Notes that the index beside a database is of this start: after this process has opened the database, which makes
    /// the index anew where it is older.
    ///
    /// A note that cannot be written, on a full disk for example, is missed only where the end of a log is missing too.
    func note(for database: String) {
        guard let id, Self.read(database + Self.ending) != id else { return }
        let descriptor = open(
            database + Self.ending, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = Array(id.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Whether the index beside a database is of this start.
    ///
    /// - Parameter info: What the system knows of the index.
    func includes(_ info: stat, of database: String) -> Bool {
        if let id, let noted = Self.read(database + Self.ending) { return noted == id }
        return info.st_mtim.tv_sec >= Self.time()
    }

    /// When the machine started, in seconds of the wall clock as it is now.
    private static func time() -> Int {
        var (now, up) = (timespec(), timespec())
        clock_gettime(CLOCK_REALTIME, &now)
        clock_gettime(CLOCK_BOOTTIME, &up)
        return now.tv_sec - up.tv_sec
    }

    /// The first line of a small file; `nil` where there is none.
    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: sizeLimit)
        let size = Glibc.read(descriptor, &bytes, bytes.count)
        guard size > 0 else { return nil }
        return String(decoding: bytes[..<size].prefix { $0 > 32 }, as: UTF8.self)
    }
}

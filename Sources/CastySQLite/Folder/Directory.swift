import CastySharding
import Glibc

/// Folders on a disk.
enum Directory {
    /// Waits until the names in a folder, or the content of a file, are on disk.
    static func sync(_ path: String) throws(EntityStoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw problem(path) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw problem(path) }
    }

    private static func problem(_ path: String) -> EntityStoreError {
        EntityStoreError(
            errno == ENOSPC || errno == EDQUOT ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
    }
}

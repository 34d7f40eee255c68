import CastySharding
import Glibc

/// One of the files of a folder that only one process writes at a time.
///
/// Each process takes the first free number and has that file to itself, as long as it lives. So no writer ever waits
/// for another one, whatever state that is in: a process that is stopped in the middle of a commit keeps its own file
/// locked, and no other. The kernel frees the number when the process dies.
final class WriterSlot: Sendable {
    /// The most processes that write into one folder.
    static let limit = 256

    /// The file that belongs to this slot.
    let path: String
    private let descriptor: Int32

    /// Takes the first free slot of a folder.
    init(directory: String) throws(EntityStoreError) {
        for number in 1...Self.limit {
            let lock = "\(directory)/writer-\(number).lock"
            let descriptor = open(lock, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw EntityStoreError(
                    errno == ENOSPC ? .full : .unavailable, "\(lock): \(String(cString: strerror(errno)))")
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                self.descriptor = descriptor
                path = Self.file(number, in: directory)
                return
            }
            let problem = errno
            close(descriptor)
            guard problem == EWOULDBLOCK || problem == EINTR else {
                throw EntityStoreError(.unavailable, "\(lock): \(String(cString: strerror(problem)))")
            }
        }
        throw EntityStoreError(.unavailable, "\(directory): \(Self.limit) processes write there already")
    }

    deinit { close(descriptor) }

    /// The files of all slots of a folder, in order.
    static func files(in directory: String) throws(EntityStoreError) -> [String] {
        guard let folder = opendir(directory) else {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var numbers: [Int] = []
        while true {
            // The end and an error look the same, but for this.
            errno = 0
            guard let entry = readdir(folder) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = number(of: name) { numbers.append(number) }
        }
        guard errno == 0 else {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        return numbers.sorted().map { file($0, in: directory) }
    }

    private static func file(_ number: Int, in directory: String) -> String {
        "\(directory)/writer-\(number).sqlite"
    }

    /// The number of a slot's file; `nil` for any other file, such as a person's copy.
    static func number(of name: String) -> Int? {
        guard name.hasPrefix("writer-"), name.hasSuffix(".sqlite"),
            let number = Int(name.dropFirst("writer-".count).dropLast(".sqlite".count)), (1...limit).contains(number),
            name == "writer-\(number).sqlite"
        else { return nil }
        return number
    }
}

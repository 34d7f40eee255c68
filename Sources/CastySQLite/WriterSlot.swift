import CastySharding
import Glibc

/// One of the files of a folder that only one process writes at a time.
///
/// Each process takes the first free number and has that file to itself, as long as it lives. So no writer ever waits
/// for another one, whatever state that is in: a process that is stopped in the middle of a commit keeps its own file
/// locked, and no other. The kernel frees the number when the process dies.
///
/// The file of a free slot may be folded into another one and removed, see ``Compactor``. The slot's next file has
/// another name: SQLite finds the log of a database by its name, and a reader may still have the removed one open.
final class WriterSlot: Sendable {
    /// The most processes that write into one folder.
    static let limit = 256

    /// The file that belongs to this slot.
    let path: String
    private let descriptor: Int32

    /// Takes the first free slot of a folder.
    ///
    /// - Parameter moves: The number of removals in the folder until now.
    init(directory: String, moves: MoveCounter) throws(EntityStoreError) {
        for number in 1...Self.limit {
            guard let descriptor = try Self.lock(number, in: directory) else { continue }
            self.descriptor = descriptor
            path = try Self.path(number, in: directory, moves, closing: descriptor)
            return
        }
        throw EntityStoreError(.unavailable, "\(directory): \(Self.limit) processes write there already")
    }

    /// Takes the slot of a file whose process is gone; `nil` where a process has it.
    init?(taking path: String, in directory: String) throws(EntityStoreError) {
        guard let number = Self.number(of: Self.name(path)), let descriptor = try Self.lock(number, in: directory)
        else { return nil }
        (self.descriptor, self.path) = (descriptor, path)
    }

    deinit { close(descriptor) }

    /// The locked descriptor of a slot, or `nil` where another process has it.
    private static func lock(_ number: Int, in directory: String) throws(EntityStoreError) -> Int32? {
        let lock = "\(directory)/writer-\(number).lock"
        let descriptor = open(lock, O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw EntityStoreError(
                errno == ENOSPC ? .full : .unavailable, "\(lock): \(String(cString: strerror(errno)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        let problem = errno
        close(descriptor)
        guard problem == EWOULDBLOCK || problem == EINTR else {
            throw EntityStoreError(.unavailable, "\(lock): \(String(cString: strerror(problem)))")
        }
        return nil
    }

    /// The file that a slot has, or a name that no earlier one of it has had: each removal raises the counter.
    private static func path(
        _ number: Int, in directory: String, _ moves: MoveCounter, closing descriptor: Int32
    ) throws(EntityStoreError) -> String {
        do throws(EntityStoreError) {
            if let file = try files(in: directory).last(where: { Self.number(of: name($0)) == number }) { return file }
            return newFile(number, in: directory, count: try moves.value())
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func newFile(_ number: Int, in directory: String, count: UInt64) -> String {
        "\(directory)/writer-\(number)\(count == 0 ? "" : "-\(count)").sqlite"
    }

    /// The files of all slots of a folder, by slot.
    static func files(in directory: String) throws(EntityStoreError) -> [String] {
        try names(in: directory).compactMap { name in parts(of: name).map { (name, $0.number, $0.count) } }
            .sorted { ($0.1, $0.2) < ($1.1, $1.2) }
            .map { "\(directory)/\($0.0)" }
    }

    /// The names of everything in a folder.
    static func names(in directory: String) throws(EntityStoreError) -> [String] {
        guard let folder = opendir(directory) else {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            // The end and an error look the same, but for this.
            errno = 0
            guard let entry = readdir(folder) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.append(name)
        }
        guard errno == 0 else {
            throw EntityStoreError(.unavailable, "\(directory): \(String(cString: strerror(errno)))")
        }
        return names
    }

    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The number of a slot's file; `nil` for any other file, such as a person's copy.
    static func number(of name: String) -> Int? { parts(of: name)?.number }

    private static func parts(of name: String) -> (number: Int, count: UInt64)? {
        guard name.hasPrefix("writer-"), name.hasSuffix(".sqlite") else { return nil }
        let numbers = name.dropFirst("writer-".count).dropLast(".sqlite".count)
            .split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = numbers.first.flatMap({ Int($0) }), (1...limit).contains(number) else { return nil }
        let count = numbers.count == 1 ? 0 : UInt64(numbers[1])
        guard let count, name == "writer-\(number)\(numbers.count == 1 ? "" : "-\(count)").sqlite",
            numbers.count == 1 || count > 0
        else { return nil }
        return (number, count)
    }
}

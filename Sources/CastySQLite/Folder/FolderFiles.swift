import CastySharding

/// The files of a folder that is read for long, while nodes write and compact.
///
/// An entity that moves to another process is saved in that one's file, and then removed from the former one's. So what is
/// read from several files is read again where anything was removed meanwhile, and in the files that are there now. See
/// ``MoveCounter``.
final class FolderFiles {
    private static let attempts = 1000

    private let folder: SQLiteFolder
    private var files: [FolderFile] = []
    private var judges: FolderTakeovers?
    /// The number of removals before the files were listed.
    private var listedAt: UInt64?

    init(_ folder: SQLiteFolder) { self.folder = folder }

    /// Reads from files while nothing is removed from any.
    ///
    /// - Parameter body: Reads; may run several times.
    /// - Throws: ``EntityStoreError`` also where a file cannot be read, or was written by a later version.
    func consistently<Value>(_ body: ([FolderFile]) throws -> Value) throws -> Value {
        for _ in 0..<Self.attempts {
            let count = try MoveCounter.value(in: folder.path)
            if listedAt != count {
                files = try folder.files().map { try $0.file.get() }.filter { $0.version != nil }
                (judges, listedAt) = (nil, count)
            }
            let value = Result { try body(files) }
            // An error may come from what was read between two files.
            if try MoveCounter.value(in: folder.path) == count { return try value.get() }
        }
        throw EntityStoreError(.unavailable, "\(folder.path): its files change all the time")
    }

    /// The takeovers of the files, as they were read first since anything was removed.
    func takeovers() throws -> FolderTakeovers {
        if let judges { return judges }
        let made = try FolderTakeovers(files)
        judges = made
        return made
    }
}

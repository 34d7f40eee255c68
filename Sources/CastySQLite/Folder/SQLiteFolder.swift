public import CastySharding
import GRDB
import Glibc

/// A folder of ``SQLiteStores``, looked at from outside. Nodes may use it meanwhile, and nothing in it is changed.
public struct SQLiteFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Looks at a folder.
    ///
    /// - Throws: ``EntityStoreError`` with the code `unavailable` if there is no folder of stores at the path.
    public init(path: String) throws(EntityStoreError) {
        self.path = path
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw EntityStoreError(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        guard info.st_mode & S_IFMT == S_IFDIR, stat("\(path)/\(Self.sharedName)", &info) == 0 else {
            throw EntityStoreError(.unavailable, "\(path) is no folder of stores: it has no \(Self.sharedName)")
        }
    }

    static let sharedName = "casty.sqlite"

    /// The folder's files, opened for reading: the shared one, then those of the processes. Nothing is missing of what
    /// was in the folder at some moment of the call, even while a node folds one file into another.
    ///
    /// - Throws: ``EntityStoreError`` where the folder cannot be read. A file that is something else, or was written by
    ///   a later version, has its error beside its name.
    func files() throws(EntityStoreError) -> [(name: String, file: Result<FolderFile, EntityStoreError>)] {
        for _ in 0..<100 {
            let count = try MoveCounter.value(in: path)
            var found: [(name: String, file: Result<FolderFile, EntityStoreError>)] = []
            let names = [Self.sharedName] + (try WriterSlot.files(in: path)).map(WriterSlot.name)
            for name in names {
                do throws(EntityStoreError) {
                    let file = try RemovableFile.open("\(path)/\(name)") { path throws(EntityStoreError) in
                        try FolderFile(path: path, name: name)
                    }
                    if let file { found.append((name, .success(file))) }
                } catch {
                    found.append((name, .failure(error)))
                }
            }
            if found.count == names.count, try MoveCounter.value(in: path) == count { return found }
        }
        throw EntityStoreError(.unavailable, "\(path): its files change all the time")
    }
}

/// One file of a folder, opened for reading only.
struct FolderFile: Sendable {
    let path: String
    let name: String
    let isShared: Bool
    let queue: DatabaseQueue
    /// The version of its tables; `nil` where its process has just made it, and it has none yet.
    let version: Int64?

    init(path: String, name: String) throws(EntityStoreError) {
        let isShared = name == SQLiteFolder.sharedName
        (self.path, self.name, self.isShared) = (path, name, isShared)
        let checked = try OpenDatabase(checking: path)
        var configuration = Configuration()
        configuration.label = "casty.folder"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON")
            // It lasts as long as the connection.
            withExtendedLifetime(checked) {}
        }
        let queue = try SQLiteFile.run(path) { [configuration] in
            try DatabaseQueue(path: path, configuration: configuration)
        }
        self.queue = queue
        version = try SQLiteFile.run(path) { try queue.read { try Self.version(of: $0, path, isShared: isShared) } }
    }

    private static func version(of database: Database, _ path: String, isShared: Bool) throws -> Int64? {
        let count = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard count > 0 else { return nil }
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let (expected, latest) =
            isShared
            ? (SQLiteFile.applicationID, SQLiteFile.version) : (StateFile.applicationID, StateFile.version)
        guard application == expected else {
            throw EntityStoreError(.corrupt, "\(path) is a database of something else")
        }
        guard version <= latest else {
            throw EntityStoreError.later(path, version: version, than: latest)
        }
        return version
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(EntityStoreError) -> Value {
        try SQLiteFile.run(path) { try queue.read(body) }
    }
}

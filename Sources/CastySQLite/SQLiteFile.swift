import CastySharding
import Foundation
import GRDB
import Glibc

/// The database file of a node's stores: how it is opened, so that a crash at any moment costs nothing that was acknowledged.
///
/// Write-ahead log, and a sync of it with every commit: a transaction is in the file as a whole or not at all, and once `commit` has returned it
/// survives the process and the machine. Other processes may use the same file at the same time; SQLite's locks order their writes.
final class SQLiteFile: Sendable {
    /// Marks a file as one of ours: `CSTY`.
    private static let applicationID: Int64 = 0x4353_5459
    /// The version of the tables; a file of another one is left alone.
    private static let version: Int64 = 2

    /// How often a write asks for the lock that another process holds, once a millisecond: it is held for one commit, so whoever
    /// waits for more than these five seconds waits for something that is broken.
    static let attempts = 5000

    let path: String
    private let queue: DatabaseQueue
    private let turnstile: FairWriteLock

    /// Opens the file, and makes it if there is none.
    ///
    /// - Parameters:
    ///   - path: Where it is, or shall be.
    ///   - pageLimit: The file never grows beyond so many pages of 4 KiB; for tests of what happens then.
    init(path: String, pageLimit: Int? = nil) throws(EntityStoreError) {
        self.path = path
        try Self.create(path)
        var configuration = Configuration()
        configuration.label = "casty.store"
        // Short steps: SQLite's own grow to 100 ms, and who sleeps so long misses every gap that a busy neighbour leaves.
        configuration.busyMode = .callback { attempt in
            usleep(1000)
            return attempt < Self.attempts
        }
        configuration.prepareDatabase { database in
            // Not by the configuration: that would take the sync of each commit away again.
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            if let pageLimit { try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
        }
        turnstile = try FairWriteLock(path: path + "-turn")
        queue = try Self.database(path, configuration, turnstile)
        try migrate()
    }

    /// Opens the database, one process after the other, and again while it is locked.
    ///
    /// Making the log and recovering it after a crash need the file alone, and SQLite does not always wait for that: of several processes that start
    /// at once, or of one that starts while its predecessor ends, some would find the database locked.
    private static func database(
        _ path: String, _ configuration: Configuration, _ turnstile: FairWriteLock
    ) throws(EntityStoreError) -> DatabaseQueue {
        try run(path) {
            try turnstile.enter(attempts: attempts)
            defer { turnstile.leave() }
            var left = attempts / 10
            while true {
                do {
                    return try DatabaseQueue(path: path, configuration: configuration)
                } catch let error as DatabaseError
                    where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) && left > 0
                {
                    left -= 1
                    usleep(10_000)
                }
            }
        }
    }

    /// Makes an empty file that only its owner can read, before SQLite makes one that follows the umask.
    ///
    /// A file that exists is never opened here: closing it would end all locks that this process holds on it.
    private static func create(_ path: String) throws(EntityStoreError) {
        var info = stat()
        if lstat(path, &info) == 0 {
            guard info.st_mode & S_IFMT == S_IFREG else {
                throw EntityStoreError(.unavailable, "\(path) is no file, or a link to one")
            }
            return
        }
        let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw EntityStoreError(
                errno == ENOSPC ? .full : .unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
    }

    private func migrate() throws(EntityStoreError) {
        let path = path
        try write { database in
            let found = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            let isEmpty = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
            guard isEmpty || application == Self.applicationID else {
                throw EntityStoreError(.corrupt, "\(path) is a database of something else")
            }
            guard found <= Self.version else {
                throw EntityStoreError(.unavailable, "\(path) has been written by a later version (\(found))")
            }
            guard isEmpty || found == Self.version else {
                throw EntityStoreError(
                    .unavailable,
                    "\(path) has been written by an earlier version (\(found)), and this one reads version \(Self.version) only"
                )
            }
            try Self.createMeta(database)
            guard isEmpty else { return }
            try database.execute(
                sql: """
                    CREATE TABLE entity (
                        type BLOB NOT NULL, id BLOB NOT NULL, state BLOB NOT NULL, sum INTEGER NOT NULL,
                        PRIMARY KEY (type, id)) WITHOUT ROWID;
                    CREATE TABLE remembered (
                        type BLOB NOT NULL, id BLOB NOT NULL, shards INTEGER NOT NULL, shard INTEGER NOT NULL,
                        sum INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
                    CREATE INDEX remembered_by_shard ON remembered (type, shards, shard);
                    PRAGMA application_id = \(Self.applicationID);
                    PRAGMA user_version = \(Self.version);
                    """)
        }
    }

    /// Runs one transaction that takes the write lock at once; all of it is durable when this returns, or nothing has happened.
    func write<Result>(_ body: (Database) throws -> Result) throws(EntityStoreError) -> Result {
        try Self.run(path) {
            try queue.writeWithoutTransaction { database in
                try turnstile.enter(attempts: Self.attempts)
                // It is given back as soon as the write lock is held, so that the next one waits inside of it meanwhile.
                do {
                    defer { turnstile.leave() }
                    try database.beginTransaction(.immediate)
                }
                do {
                    let result = try body(database)
                    try database.commit()
                    return result
                } catch {
                    // The error that matters is the first; where SQLite has rolled back by itself there is nothing left to do.
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
            }
        }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws(EntityStoreError) -> Result {
        try Self.run(path) { try queue.read(body) }
    }

    private static func run<Result>(_ path: String, _ body: () throws -> Result) throws(EntityStoreError) -> Result {
        do {
            return try body()
        } catch let error as EntityStoreError {
            throw error
        } catch let error as DatabaseError {
            throw EntityStoreError(error, path: path)
        } catch {
            throw EntityStoreError(.unavailable, "\(path): \(error)")
        }
    }
}

extension EntityStoreError {
    /// What SQLite says, in the words of a store.
    init(_ error: DatabaseError, path: String) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_MISMATCH: .corrupt
            default: .unavailable
            }
        self.init(code, "\(path): \(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")")
    }
}

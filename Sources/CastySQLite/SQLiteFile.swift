import CastySharding
import Foundation
import GRDB
import Glibc

/// The database file that all stores of a folder share: the cluster that they belong to, and what earlier versions kept
/// there. Opened so that a crash at any moment loses nothing that was acknowledged.
///
/// It uses a write-ahead log, and syncs it with every commit: a transaction is in the file as a whole or not at all,
/// and once `commit` has returned, it survives a crash of the process and of the machine. Other processes may use the
/// same file at the same time; SQLite's locks order their writes.
final class SQLiteFile: Sendable {
    /// The application id that marks a file as a Casty store: `CSTY`.
    static let applicationID: Int64 = 0x4353_5459
    /// The version of the tables; a file of a later version is refused and not changed.
    ///
    /// Version 2 kept all states here, version 3 which entities run. A process of version 4 would not find the files
    /// that have come after removed ones, one of version 5 knows no times in logs, and one of version 6 not the present checksums
    /// of logs.
    static let version: Int64 = 7

    private static let oldestVersion: Int64 = 2

    /// How often a write tries to get a lock that another process holds, once a millisecond. The lock is held for one
    /// commit, so a wait of more than these five seconds means that something is broken.
    static let attempts = 5000

    let path: String
    private let queue: DatabaseQueue
    private let writeLock: FairWriteLock

    /// Opens the file; creates it if it is missing.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - pageLimit: The most pages of 4 KiB that the file may have; for tests of a full store.
    init(path: String, pageLimit: Int? = nil) throws(EntityStoreError) {
        self.path = path
        try Self.create(path)
        var configuration = Configuration()
        configuration.label = "casty.store"
        // Short steps: SQLite's own steps grow to 100 ms, and a process that sleeps that long misses every gap that a
        // busy neighbor leaves.
        configuration.busyMode = .callback { attempt in
            usleep(1000)
            return attempt < Self.attempts
        }
        configuration.prepareDatabase { database in
            // Not set by the configuration: that would turn off the sync with each commit.
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            if let pageLimit { try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
        }
        writeLock = try FairWriteLock(path: path + "-turn")
        queue = try Self.database(path, configuration, writeLock)
    }

    /// Opens the database and brings it to the present version, one process at a time; retries while it is locked.
    ///
    /// Creating the log, and recovering it after a crash, need exclusive access to the file, and SQLite does not always
    /// wait for it: if several processes start at once, or one starts while its predecessor ends, some would find the
    /// database locked.
    private static func database(
        _ path: String, _ configuration: Configuration, _ writeLock: FairWriteLock
    ) throws(EntityStoreError) -> DatabaseQueue {
        try run(path) {
            try writeLock.enter(attempts: attempts)
            defer { writeLock.leave() }
            var configuration = configuration
            let checked = try OpenDatabase(checking: path)
            // It lasts as long as the connection.
            configuration.prepareDatabase { _ in withExtendedLifetime(checked) {} }
            var left = attempts / 10
            while true {
                do {
                    let queue = try DatabaseQueue(path: path, configuration: configuration)
                    try migrate(queue, path)
                    Boot.current.note(for: path)
                    return queue
                } catch let error as DatabaseError
                    where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) && left > 0
                {
                    left -= 1
                    usleep(10_000)
                }
            }
        }
    }

    /// Creates an empty file that only its owner can read, before SQLite creates one that follows the umask.
    ///
    /// An existing file is never opened here: closing it would release all locks that this process holds on it.
    static func create(_ path: String) throws(EntityStoreError) {
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

    /// A process opens the file and migrates it under one hold of the fair lock. So the others that have it open here
    /// have found an earlier version, and work with that.
    private static func migrate(_ queue: DatabaseQueue, _ path: String) throws {
        try queue.inTransaction(.immediate) { database in
            let found = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            let isEmpty = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
            guard isEmpty || application == Self.applicationID else {
                throw EntityStoreError(.corrupt, "\(path) is a database of something else")
            }
            guard found <= Self.version else {
                throw EntityStoreError.later(path, version: found, than: Self.version)
            }
            guard isEmpty || found >= Self.oldestVersion else {
                throw EntityStoreError(
                    .unavailable,
                    "\(path) has been written by an earlier version (\(found)), and this one reads versions \(Self.oldestVersion) to \(Self.version)"
                )
            }
            try Self.createMeta(database)
            // What earlier versions kept in this file is read from there until it is saved anew.
            if !isEmpty, found < Self.version, let process = ForeignOpener.process(thatHasOpen: path) {
                throw EntityStoreError(
                    .unavailable,
                    "\(path) is used by process \(process) of an earlier version of the program, which would not find what this one saves: stop it first"
                )
            }
            if isEmpty { try database.execute(sql: "PRAGMA application_id = \(Self.applicationID)") }
            if found < Self.version { try database.execute(sql: "PRAGMA user_version = \(Self.version)") }
            return .commit
        }
    }

    /// Runs one transaction that takes the write lock at its start. When this returns, the transaction is durable; when
    /// it throws, nothing has changed.
    func write<Result>(_ body: (Database) throws -> Result) throws(EntityStoreError) -> Result {
        try Self.run(path) {
            try queue.writeWithoutTransaction { database in
                try writeLock.enter(attempts: Self.attempts)
                // The fair lock is released as soon as the write lock is held, so that the next writer waits in it
                // meanwhile.
                do {
                    defer { writeLock.leave() }
                    try database.beginTransaction(.immediate)
                }
                do {
                    let result = try body(database)
                    try database.commit()
                    return result
                } catch {
                    // The first error is the one to report; if SQLite has already rolled back, nothing is left to do.
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
            }
        }
    }

    /// Whether version 2 has kept states in this file.
    func hasLegacyStates() throws(EntityStoreError) -> Bool {
        try read { database in
            try Int64.fetchOne(
                database, sql: "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'entity'") == 1
        }
    }

    /// The state of an entity in a file of version 2.
    func legacyState(type: String, id: String) throws(EntityStoreError) -> [UInt8]? {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT state, sum FROM entity WHERE type = ? AND id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [type.stored, id.stored]) else { return nil }
            let state = try row.bytes(0)
            guard try row.number(1) == checksum(type: type, id: id, state: state) else {
                throw EntityStoreError(.corrupt, "the state of \(id) is not what was saved: its checksum is wrong")
            }
            return [UInt8](state)
        }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws(EntityStoreError) -> Result {
        try Self.run(path) { try queue.read(body) }
    }

    static func run<Result>(_ path: String, _ body: () throws -> Result) throws(EntityStoreError) -> Result {
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
    /// A later version of the program has written a file.
    static func later(_ path: String, version: Int64, than own: Int64) -> EntityStoreError {
        EntityStoreError(
            .unavailable,
            "\(path) has been written by a later version (\(version)) of the program, and this one reads versions up to \(own)"
        )
    }

    /// The store error for an SQLite error.
    init(_ error: DatabaseError, path: String) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_MISMATCH: .corrupt
            // A read that the file system knows to be wrong is damage; any other trouble with a disk may pass.
            case .SQLITE_IOERR where [.SQLITE_IOERR_CORRUPTFS, .SQLITE_IOERR_DATA].contains(error.extendedResultCode):
                .corrupt
            default: .unavailable
            }
        self.init(code, "\(path): \(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")")
    }
}

import CastyCore
import CastySharding
import Foundation
import GRDB
import Synchronization

/// A file of entities' states and events, and of which entities run, that one process writes and all read, see
/// ``WriterSlot``.
///
/// Each row has the token under which it was written. An entity may have rows in several files: that with the highest
/// token counts.
final class StateFile: Sendable {
    /// The application id that marks such a file: `CSTS`.
    static let applicationID: Int64 = 0x4353_5453
    /// The version of the tables; a file of a later version is refused and not changed. In version 1 tokens had no
    /// checksum, in version 2 there were neither events nor times, up to version 3 the shared file kept which
    /// entities run, up to version 4 a file had one log only, up to version 5 logs had no times, and up to version 6 the
    /// checksum of a row of a log did not cover its index there.
    static let version: Int64 = 7

    /// A row of an entity.
    struct Found {
        /// `nil` where the entity was deleted.
        let state: [UInt8]?
        let fence: ShardFence
    }

    let path: String
    /// The number of its slot; 0 for a file that is in none.
    let number: Int
    private let queue: DatabaseQueue
    private let readers: FileReaders
    /// Whether its tables are known to be the present ones. A file of an earlier version gets them when a process takes
    /// it back.
    private let isPresent: Mutex<Bool>

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - writes: Whether this process owns the file. Another process's file is only read; it may not be complete yet.
    ///   - pageLimit: The most pages of 4 KiB; for tests of a full store.
    init(path: String, writes: Bool, pageLimit: Int? = nil) throws(EntityStoreError) {
        self.path = path
        number = WriterSlot.number(of: WriterSlot.name(path)) ?? 0
        isPresent = Mutex(writes)
        if writes { try SQLiteFile.create(path) }
        let checked = try OpenDatabase(checking: path)
        var configuration = Configuration()
        configuration.label = writes ? "casty.states" : "casty.states.reader"
        // Readers wait for nothing but the recovery of a file whose writer has died.
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { database in
            if writes, !database.configuration.readonly {
                try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            }
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
            if !writes { try database.execute(sql: "PRAGMA query_only = ON") }
            if let pageLimit, !database.configuration.readonly {
                try database.execute(sql: "PRAGMA max_page_count = \(pageLimit)")
            }
            // It lasts as long as the connection.
            withExtendedLifetime(checked) {}
        }
        queue = try SQLiteFile.run(path) { [configuration] in
            try DatabaseQueue(path: path, configuration: configuration)
        }
        readers = FileReaders(path, configuration, spare: queue, isIdle: !writes)
        if writes {
            try makeTables()
            Boot.current.note(for: path)
        } else {
            _ = try read { try Self.version(of: $0, path) }
        }
    }

    /// Opens another process's file for reading; `nil` where it was removed meanwhile.
    static func reader(_ path: String) throws(EntityStoreError) -> StateFile? {
        try RemovableFile.open(path) { path throws(EntityStoreError) in try StateFile(path: path, writes: false) }
    }

    private func makeTables() throws(EntityStoreError) {
        let path = path
        try write { database in
            let version = try Self.version(of: database, path)
            if let version {
                if version == 1 { try Self.addChecksums(database) }
                guard version < Self.version else { return }
                try EventTables.create(database)
                return try database.execute(
                    sql: Self.wakeTable + Self.rememberedTable + "PRAGMA user_version = \(Self.version)")
            }
            try database.execute(
                sql: """
                    CREATE TABLE entity (
                        type BLOB NOT NULL, id BLOB NOT NULL, state BLOB, cluster TEXT NOT NULL, up INTEGER NOT NULL,
                        start INTEGER NOT NULL, sequence INTEGER NOT NULL, sum INTEGER NOT NULL,
                        PRIMARY KEY (type, id)) WITHOUT ROWID;
                    CREATE TABLE fence (
                        type BLOB NOT NULL, shards INTEGER NOT NULL, shard INTEGER NOT NULL, cluster TEXT NOT NULL,
                        up INTEGER NOT NULL, start INTEGER NOT NULL, sequence INTEGER NOT NULL, sum INTEGER,
                        PRIMARY KEY (type, shards, shard)) WITHOUT ROWID;
                    \(Self.wakeTable)
                    \(Self.rememberedTable)
                    PRAGMA application_id = \(Self.applicationID);
                    PRAGMA user_version = \(Self.version);
                    """)
            try EventTables.create(database)
        }
    }

    /// The version of a file that this program can read; `nil` where it has no tables yet.
    private static func version(of database: Database, _ path: String) throws -> Int64? {
        if try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0 { return nil }
        guard try Int64.fetchOne(database, sql: "PRAGMA application_id") == Self.applicationID else {
            throw EntityStoreError(.corrupt, "\(path) is a database of something else")
        }
        let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version <= Self.version else {
            throw EntityStoreError.later(path, version: version, than: Self.version)
        }
        return version
    }

    private static func addChecksums(_ database: Database) throws {
        try database.execute(sql: "ALTER TABLE fence ADD COLUMN sum INTEGER")
        let rows = try Row.fetchAll(
            database, sql: "SELECT cluster, up, start, sequence, type, shards, shard FROM fence")
        for row in rows { try raise(try row.fence(0), for: try row.shardKey(4), database) }
    }

    /// Runs one transaction. When this returns, it is durable; when it throws, nothing has changed, unless the error's
    /// outcome is unknown.
    func write<Result>(_ body: (Database) throws -> Result) throws(EntityStoreError) -> Result {
        var isCommitting = false
        do throws(EntityStoreError) {
            return try SQLiteFile.run(path) {
                try queue.writeWithoutTransaction { database in
                    var result: Result?
                    try database.inTransaction(.immediate) {
                        result = try body(database)
                        isCommitting = true
                        return .commit
                    }
                    return result.unsafelyUnwrapped
                }
            }
        } catch {
            // A commit whose sync fails may be found in the log after a crash all the same.
            throw isCommitting ? error.withUnknownOutcome : error
        }
    }

    // MARK: Reading

    /// The row of an entity.
    func row(of key: EntityKey) throws(EntityStoreError) -> Found? {
        try read { database in try Self.row(of: key, database) }
    }

    /// The highest token of a shard; that of another shard where the type had another number of shards later.
    func fence(of key: EntityKey) throws(EntityStoreError) -> ShardFence? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT cluster, up, start, sequence, type, shards, shard, sum FROM fence
                    WHERE type = ? AND (shards <> ? OR shard = ?)
                    """)
            let rows = try Row.fetchAll(statement, arguments: [key.type.stored, key.shards, key.shard])
            return try rows.map { try $0.checkedFence().fence }.highest
        }
    }

    /// All tokens, each with a key of its shard.
    func fences() throws(EntityStoreError) -> [(key: EntityKey, fence: ShardFence)] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT cluster, up, start, sequence, type, shards, shard, sum FROM fence"
            ).map { try $0.checkedFence() }
        } ?? []
    }

    /// The highest number of a coordinator that any token here has, and 0 without tokens.
    func highestUpNumber() throws(EntityStoreError) -> Int { try fences().map(\.fence.upNumber).max() ?? 0 }

    /// Reads the events, if the file has any.
    func readLogs(_ body: (EventLogs) throws -> Void) throws(EntityStoreError) {
        if isPresent.withLock({ $0 }) {
            _ = try read { try body(EventLogs(present: number, $0)) }
            return
        }
        _ = try read { database in
            guard let logs = try EventLogs(file: number, database) else { return }
            if logs.isPresent { isPresent.withLock { $0 = true } }
            try body(logs)
        }
    }

    /// Reads; `nil` where the file has no tables yet, because its process has just made it.
    func read<Result>(_ body: (Database) throws -> Result?) throws(EntityStoreError) -> Result? {
        try SQLiteFile.run(path) {
            try readers.read { database in
                do {
                    return try body(database)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
                    let count = try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
                    // Its process may have finished making it in between.
                    return count == 0 ? nil : try body(database)
                }
            }
        }
    }

    /// Brings everything into the file itself, so that it is whole without its log.
    ///
    /// - Throws: ``EntityStoreError`` where a reader is in the way.
    func checkpoint() throws(EntityStoreError) {
        try SQLiteFile.run(path) { _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
    }

    static func row(of key: EntityKey, _ database: Database) throws -> Found? {
        let statement = try database.cachedStatement(
            sql: "SELECT cluster, up, start, sequence, state, sum FROM entity WHERE type = ? AND id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [key.type.stored, key.id.stored]) else { return nil }
        let fence = try row.fence(0)
        let state: Data? = row[4] == nil ? nil : try row.bytes(4)
        guard try row.number(5) == sum(of: key, state, fence) else {
            throw EntityStoreError(.corrupt, "the state of \(key.id) is not what was saved: its checksum is wrong")
        }
        return Found(state: state.map { [UInt8]($0) }, fence: fence)
    }

    // MARK: Writing, inside a transaction

    static func put(_ state: [UInt8]?, for key: EntityKey, _ fence: ShardFence, _ database: Database) throws {
        try database.change(
            """
            INSERT OR REPLACE INTO entity (type, id, state, cluster, up, start, sequence, sum)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) { arguments in
            arguments.add(stored: key.type)
            arguments.add(stored: key.id)
            arguments.add(state)
            arguments.add(fence)
            arguments.add(sum(of: key, state, fence))
        }
    }

    static func raise(_ fence: ShardFence, for key: EntityKey, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO fence (type, shards, shard, cluster, up, start, sequence, sum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(
            arguments: [
                key.type.stored, key.shards, key.shard, "\(fence.cluster)", fence.upNumber, fence.start,
                Int64(bitPattern: fence.sequence), sum(of: key, fence),
            ])
    }

    /// The checksum of a token. A token that a disk has changed would let a former owner write, or keep every owner from
    /// it.
    fileprivate static func sum(of key: EntityKey, _ fence: ShardFence) -> Int64 {
        checksum(type: key.type, id: "\(fence.cluster) \(fence)", shard: key.shard, of: key.shards)
    }

    /// Covers the key and the token too, so that a row under a wrong key fails like one with wrong bytes.
    fileprivate static func sum(
        of key: EntityKey, _ state: (some Collection<UInt8>)?, _ fence: ShardFence
    ) -> Int64 {
        var covered: [UInt8] = []
        covered.reserveCapacity(64 + (state?.count ?? 0))
        covered.append(fence)
        covered.append(32)
        if let state {
            covered.append(1)
            covered.append(contentsOf: state)
        }
        return checksum(type: key.type, id: key.id, state: covered)
    }
}

extension Row {
    /// A token in four columns.
    func fence(_ column: Int) throws(EntityStoreError) -> ShardFence {
        let value: DatabaseValue = self[column]
        guard case .string(let text) = value.storage, let cluster = ClusterID(text) else {
            throw EntityStoreError(.corrupt, "a row does not say to which cluster it belongs")
        }
        return ShardFence(
            cluster: cluster, upNumber: Int(try number(column + 1)), start: Int(try number(column + 2)),
            sequence: UInt64(bitPattern: try number(column + 3)))
    }
}

extension StateFile {
    static let entityColumns = "type, id, state, cluster, up, start, sequence, sum"

    /// The columns of a token; version 1 had no checksum.
    static func fenceColumns(_ version: Int) -> String {
        "cluster, up, start, sequence, type, shards, shard, \(version > 1 ? "sum" : "NULL")"
    }
}

extension Row {
    /// A whole row of the states' table, in the order of ``StateFile/entityColumns``.
    func checkedEntity() throws(EntityStoreError) -> (type: String, id: String, state: [UInt8]?, fence: ShardFence) {
        let (type, id, fence) = (try text(0), try text(1), try fence(3))
        let state: Data? = self[2] == nil ? nil : try bytes(2)
        let key = EntityKey(type: type, id: id, shard: 0, of: 1)
        guard try number(7) == StateFile.sum(of: key, state, fence) else {
            throw EntityStoreError(.corrupt, "the state of \(id) is not what was saved: its checksum is wrong")
        }
        return (type, id, state.map { [UInt8]($0) }, fence)
    }

    /// Type, number of shards and shard, in three columns.
    fileprivate func shardKey(_ column: Int) throws(EntityStoreError) -> EntityKey {
        EntityKey(
            type: try text(column), id: "", shard: Int(try number(column + 2)), of: Int(try number(column + 1)))
    }

    /// A whole row of the tokens' table, in the order cluster, up, start, sequence, type, shards, shard, sum.
    func checkedFence() throws(EntityStoreError) -> (key: EntityKey, fence: ShardFence) {
        let (fence, key) = (try fence(0), try shardKey(4))
        // A file of version 1, whose process runs an earlier version of the program, has no checksums.
        // The check of such a file reads none either.
        let sum: DatabaseValue = self[7]
        let isIntact = sum.isNull ? true : try number(7) == StateFile.sum(of: key, fence)
        guard isIntact else {
            throw EntityStoreError(
                .corrupt, "the token of shard \(key.shard) of \(key.type) is not what was written: wrong checksum")
        }
        return (key, fence)
    }
}

extension EntityStoreError {
    /// The same error of a change that may have been saved.
    var withUnknownOutcome: EntityStoreError { EntityStoreError(code, message, isOutcomeUnknown: true) }
}

extension [ShardFence] {
    /// The highest of some tokens.
    var highest: ShardFence? { self.max { $0.isSuperseded(by: $1) } }
}

import CastyCore
import CastyPlacement
public import CastySharding
import Dispatch
import GRDB
import Synchronization

/// Records in an SQLite file which entities run.
///
/// A serial queue writes the changes: all that wait go into one transaction, and are answered when it is on disk. The
/// nodes of one machine may share the file.
public final class SQLiteRememberedEntityStore: RememberedEntityStore {
    private struct Change: Sendable {
        let change: RememberedChange
        let type: String
        let shard: Int
        let count: Int
        let completion: @Sendable (Result<Void, EntityStoreError>) -> Void
    }

    private enum Work: Sendable {
        case change(Change)
        case load(@Sendable () -> Void)
    }

    private let file: SQLiteFile
    private let queue = DispatchQueue(label: "casty.remembered")
    private let waiting = Mutex<[Work]>([])

    init(file: SQLiteFile) {
        self.file = file
    }

    /// Opens a file; creates it, readable by its owner only, if it is missing.
    ///
    /// - Throws: ``EntityStoreError``, also if the file is not a store, or is one of another version.
    public convenience init(path: String) throws(EntityStoreError) {
        self.init(file: try SQLiteFile(path: path))
    }

    /// The ids of a shard's remembered entities, in order.
    public func load(
        type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<[String], EntityStoreError>) -> Void
    ) {
        enqueue(
            .load { [file] in
                completion(Result { () throws(EntityStoreError) in try Self.load(file, type, shard, of: count) })
            })
    }

    /// Records a change.
    public func record(
        _ change: RememberedChange, type: String, shard: Int, of count: Int,
        completion: @escaping @Sendable (Result<Void, EntityStoreError>) -> Void
    ) {
        enqueue(
            .change(Change(change: change, type: type, shard: shard, count: count, completion: completion)))
    }

    private func enqueue(_ work: Work) {
        let isFirst = waiting.withLock { waiting in
            waiting.append(work)
            return waiting.count == 1
        }
        if isFirst { queue.async { self.workOff() } }
    }

    /// Performs all waiting work in order: consecutive changes in one transaction, loads between them.
    private func workOff() {
        let work = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        var changes: [Change] = []
        for item in work {
            switch item {
            case .change(let change): changes.append(change)
            case .load(let load):
                write(changes)
                changes = []
                load()
            }
        }
        write(changes)
    }

    private func write(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        let result = Result { () throws(EntityStoreError) in
            try file.write { database in for change in changes { try Self.apply(change, database) } }
        }
        for change in changes { change.completion(result) }
    }

    private static func apply(_ change: Change, _ database: Database) throws {
        switch change.change {
        case .started(let id):
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO remembered (type, id, shards, shard, sum) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (type, id) DO UPDATE SET shards = excluded.shards, shard = excluded.shard, sum = excluded.sum
                    """)
            let sum = checksum(type: change.type, id: id, shard: change.shard, of: change.count)
            try statement.execute(
                arguments: [change.type.stored, id.stored, change.count, change.shard, sum])
        case .stopped(let id):
            let statement = try database.cachedStatement(sql: "DELETE FROM remembered WHERE type = ? AND id = ?")
            try statement.execute(arguments: [change.type.stored, id.stored])
        }
    }

    private static func load(
        _ file: SQLiteFile, _ type: String, _ shard: Int, of count: Int
    ) throws(EntityStoreError) -> [String] {
        let areOthers = try file.read { database in
            try Row.fetchOne(
                database, sql: "SELECT 1 FROM remembered WHERE type = ? AND shards <> ? LIMIT 1",
                arguments: [type.stored, count]) != nil
        }
        if areOthers { try resort(file, type, count) }
        return try file.read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT id, sum FROM remembered WHERE type = ? AND shards = ? AND shard = ? ORDER BY id")
            return try Row.fetchAll(statement, arguments: [type.stored, count, shard]).map { row in
                let id = try row.text(0)
                guard try row.number(1) == checksum(type: type, id: id, shard: shard, of: count) else {
                    throw EntityStoreError(.corrupt, "a remembered entity of shard \(shard) has a wrong checksum")
                }
                return id
            }
        }
    }

    /// Reassigns rows that were written under another number of shards to the current shards.
    private static func resort(_ file: SQLiteFile, _ type: String, _ count: Int) throws(EntityStoreError) {
        try file.write { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT id, sum, shards, shard FROM remembered WHERE type = ? AND shards <> ?",
                arguments: [type.stored, count])
            for row in rows {
                let id = try row.text(0)
                let shard = StableHash.shard(of: id, count: count)
                let old = checksum(
                    type: type, id: id, shard: Int(clamping: try row.number(3)), of: Int(clamping: try row.number(2)))
                // A correct checksum stays correct, and a wrong one stays wrong, so that a load of the shard detects
                // it.
                let sum = checksum(type: type, id: id, shard: shard, of: count) ^ old ^ (try row.number(1))
                try database.execute(
                    sql: "UPDATE remembered SET shards = ?, shard = ?, sum = ? WHERE type = ? AND id = ?",
                    arguments: [count, shard, sum, type.stored, id.stored])
            }
        }
    }
}

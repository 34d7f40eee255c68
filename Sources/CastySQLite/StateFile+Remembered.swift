import CastyCore
import CastyPlacement
import CastySharding
import Foundation
import GRDB

/// Which entities run: one row for each that was started or stopped by the process of the file.
extension StateFile {
    /// The table, and the index in whose order the pages of a shard are read.
    static let rememberedTable = """
        CREATE TABLE IF NOT EXISTS remembered (
            type BLOB NOT NULL, id BLOB NOT NULL, runs INTEGER NOT NULL, shards INTEGER NOT NULL,
            shard INTEGER NOT NULL, cluster TEXT NOT NULL, up INTEGER NOT NULL, start INTEGER NOT NULL,
            sequence INTEGER NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS remembered_by_shard ON remembered (type, shards, shard, id);

        """

    static let rememberedColumns = "type, id, runs, shards, shard, cluster, up, start, sequence, sum"

    /// What a file says of one entity.
    struct RememberedRow {
        let type: String
        let id: String
        let runs: Bool
        /// `nil` where it comes from the shared file of an earlier version, which any other row supersedes.
        let fence: ShardFence?
    }

    /// The rows of a shard's entities whose stored ids are above a cursor, by stored id, and at most `limit` of them.
    func remembered(
        _ shard: StoreShard, after cursor: String?, limit: Int
    ) throws(EntityStoreError) -> [RememberedRow] {
        try read { database in
            // The file of a process of an earlier version has no such table.
            guard try database.tableExists("remembered") else { return nil }
            return try Self.rows(shard, after: cursor, limit: limit, database)
        } ?? []
    }

    private static func rows(
        _ shard: StoreShard, after cursor: String?, limit: Int, _ database: Database
    ) throws -> [RememberedRow] {
        let (after, isAbove) = String.bound(above: cursor)
        let ofShard = try database.cachedStatement(
            sql: """
                SELECT \(rememberedColumns) FROM remembered
                WHERE type = ? AND shards = ? AND shard = ? AND id \(isAbove) ? ORDER BY id LIMIT ?
                """)
        let arguments: StatementArguments = [shard.type.stored, shard.count, shard.number, after, limit]
        let found = try Row.fetchAll(ofShard, arguments: arguments).map { try $0.rememberedRow() }
        let others = try database.cachedStatement(
            sql: "SELECT 1 FROM remembered WHERE type = ? AND (shards < ? OR shards > ?) LIMIT 1")
        guard try Row.fetchOne(others, arguments: [shard.type.stored, shard.count, shard.count]) != nil else {
            return found
        }
        // The type had another number of shards. Its rows stay as they are until they change, and are found by a search
        // of the whole type.
        let all = try database.cachedStatement(
            sql: """
                SELECT \(rememberedColumns) FROM remembered
                WHERE type = ? AND shards <> ? AND id \(isAbove) ? ORDER BY id
                """)
        let rows = try Row.fetchCursor(all, arguments: [shard.type.stored, shard.count, after])
        var former: [RememberedRow] = []
        while former.count < limit, let row = try rows.next() {
            let entity = try row.rememberedRow()
            guard StableHash.shard(of: entity.id, count: shard.count) == shard.number else { continue }
            former.append(entity)
        }
        return Array((found + former).sorted { $0.id.isStored(before: $1.id) }.prefix(limit))
    }

    /// Notes whether an entity runs, inside a transaction.
    static func note(runs: Bool, _ key: EntityKey, _ fence: ShardFence, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO remembered (type, id, runs, shards, shard, cluster, up, start, sequence, sum)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(
            arguments: [
                key.type.stored, key.id.stored, runs ? 1 : 0, key.shards, key.shard, "\(fence.cluster)",
                fence.upNumber, fence.start, Int64(bitPattern: fence.sequence), sum(of: key, runs: runs, fence),
            ])
    }

    /// Covers all columns, so that a row under a wrong key fails like one with wrong content.
    fileprivate static func sum(of key: EntityKey, runs: Bool, _ fence: ShardFence) -> Int64 {
        checksum(
            type: key.type, id: "\(fence.cluster) \(fence) \(runs) \(key.id)", shard: key.shard, of: key.shards)
    }
}

extension Row {
    /// The key of such a row.
    func rememberedKey() throws(EntityStoreError) -> EntityKey {
        EntityKey(
            type: try text(0), id: try text(1), shard: Int(clamping: try number(4)), of: Int(clamping: try number(3)))
    }

    /// A whole row, in the order of ``StateFile/rememberedColumns``.
    func rememberedRow() throws(EntityStoreError) -> StateFile.RememberedRow {
        let key = try rememberedKey()
        let runs = try number(2) == 1
        let fence: ShardFence = try self.fence(5)
        guard try self.number(9) == StateFile.sum(of: key, runs: runs, fence) else {
            throw EntityStoreError(
                .corrupt, "a remembered entity of shard \(key.shard) of \(key.type) has a wrong checksum")
        }
        return StateFile.RememberedRow(type: key.type, id: key.id, runs: runs, fence: fence)
    }
}

extension String {
    /// What a column of stored texts is compared with, and how, for the rows above a cursor.
    ///
    /// Without a cursor these are all rows, those too whose column somebody has made a text or a number, which SQLite
    /// sorts first.
    static func bound(above cursor: String?) -> (DatabaseValue, String) {
        if let cursor { return (cursor.stored.databaseValue, ">") }
        return ((-Double.infinity).databaseValue, ">=")
    }

    /// Whether it comes first in the order in which SQLite compares what is stored: byte by byte.
    func isStored(before other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}

import CastyCore
import CastyPlacement
import CastySharding
import Foundation
import GRDB

/// Which entities run, as earlier versions recorded it in the shared file. It is read on, and not changed any more.
extension SQLiteFile {
    static let legacyRememberedColumns = "type, id, sum, shards, shard"

    /// The entities of a shard whose stored ids are above a cursor, by stored id, and at most `limit` of them.
    func legacyRemembered(
        _ shard: StoreShard, after cursor: String?, limit: Int
    ) throws(EntityStoreError) -> [StateFile.RememberedRow] {
        try read { database in
            let (after, isAbove) = String.bound(above: cursor)
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(Self.legacyRememberedColumns) FROM remembered
                    WHERE type = ? AND id \(isAbove) ? AND (shards <> ? OR shard = ?) ORDER BY id
                    """)
            let rows = try Row.fetchCursor(
                statement, arguments: [shard.type.stored, after, shard.count, shard.number])
            var found: [StateFile.RememberedRow] = []
            while found.count < limit, let row = try rows.next() {
                let entity = try row.legacyRememberedRow()
                guard StableHash.shard(of: entity.id, count: shard.count) == shard.number else { continue }
                found.append(entity)
            }
            return found
        }
    }

    /// Whether an earlier version has recorded here which entities run.
    func hasLegacyRemembered() throws(EntityStoreError) -> Bool {
        try read { database in
            guard try database.tableExists("remembered") else { return false }
            return try Row.fetchOne(database, sql: "SELECT 1 FROM remembered LIMIT 1") != nil
        }
    }
}

extension Row {
    /// A whole row, in the order of ``SQLiteFile/legacyRememberedColumns``.
    func legacyRememberedRow() throws(EntityStoreError) -> StateFile.RememberedRow {
        let (type, id) = (try text(0), try text(1))
        let (count, number) = (Int(clamping: try number(3)), Int(clamping: try self.number(4)))
        guard try self.number(2) == checksum(type: type, id: id, shard: number, of: count) else {
            throw EntityStoreError(
                .corrupt, "a remembered entity of shard \(number) of \(type) has a wrong checksum")
        }
        return StateFile.RememberedRow(type: type, id: id, runs: true, fence: nil)
    }

    /// A state of version 2: type, id, state and checksum.
    func legacyEntity() throws(EntityStoreError) -> (type: String, id: String, state: [UInt8]) {
        let (type, id, state) = (try text(0), try text(1), try bytes(2))
        guard try number(3) == checksum(type: type, id: id, state: state) else {
            throw EntityStoreError(.corrupt, "the state of \(id) is not what was saved: its checksum is wrong")
        }
        return (type, id, [UInt8](state))
    }
}

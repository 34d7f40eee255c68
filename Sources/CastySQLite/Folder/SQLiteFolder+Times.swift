import CastyCore
import CastyPlacement
import CastySharding
import GRDB

/// When entities must run again.
extension SQLiteFolder {
    /// The times beside states; each state without one too, because it may supersede one that has.
    static func times(_ file: FolderFile, after cursor: Key?) throws -> [(Key, Found)] {
        guard !file.isShared else { return [] }
        return try file.read { database in
            guard try database.tableExists("wake") else { return [] }
            let columns = "type, id, cluster, up, start, sequence, at, wake.sum"
            return try rows(columns, of: "entity LEFT JOIN wake USING (type, id)", after: cursor, database) { row in
                let key = Key(type: try row.text(0), id: try row.text(1))
                let wake = try row.wake(6, of: key.id, key.type)
                return (key, Found(wakeAt: wake?.at, fence: try row.fence(2)))
            }
        }
    }

    /// The times in logs: of each entity the last row of the file that counts.
    static func loggedTimes(
        _ file: FolderFile, after cursor: Key?, _ takeovers: FolderTakeovers
    ) throws -> [(Key, Found)] {
        guard !file.isShared else { return [] }
        return try file.read { database in
            guard let logs = try EventLogs(file: WriterSlot.number(of: file.name) ?? 0, database) else { return [] }
            return try logs.entitiesWithWakes(after: cursor.map { ($0.type, $0.id) }, limit: pageLimit).map { entity in
                let rows = try logs.wakes(type: entity.type, id: entity.id)
                let last = try takeovers.of(type: entity.type, id: entity.id).counting(rows).first
                return (
                    Key(type: entity.type, id: entity.id),
                    Found(wakeAt: last?.wakeAt, fence: last?.fence, row: last?.row ?? 0)
                )
            }
        }
    }
}

/// The takeovers of all logs of a folder.
struct FolderTakeovers {
    private struct Shard: Hashable {
        let type: String
        let count: Int
        let number: Int
    }

    private var rows: [Shard: [EventRow]] = [:]
    private var counts: [String: Set<Int>] = [:]

    init(_ files: [FolderFile]) throws {
        for file in files where !file.isShared {
            let found = try file.readLogs { try $0.takeovers() }
            for row in found ?? [] where row.shards > 0 {
                rows[Shard(type: row.type, count: row.shards, number: row.shard), default: []].append(row)
                counts[row.type, default: []].insert(row.shards)
            }
        }
    }

    /// Those that an entity's rows are judged by.
    func of(type: String, id: String) throws(EntityStoreError) -> Takeovers { try Takeovers(rows(type: type, id: id)) }

    func rows(type: String, id: String) -> [EventRow] {
        var found: [EventRow] = []
        for count in (counts[type] ?? []).sorted() {
            let number = StableHash.shard(of: id, count: count)
            found += rows[Shard(type: type, count: count, number: number)] ?? []
        }
        return found
    }
}

import CastyCore
import CastyPlacement
import CastySharding

extension Compactor {
    /// Removes the rows of entities that another file has under a higher token.
    ///
    /// Only the shards are searched that another process has taken over.
    ///
    /// - Returns: The number of removed rows.
    func removeSuperseded(in table: StateFile.EntityTable) throws(EntityStoreError) -> Int {
        let lost = try LostShards(own.file, sources)
        guard !lost.isEmpty, !isSettled(table.rawValue, lost.description) else { return 0 }
        let others = sources.all.filter { $0.path != own.file.path }
        var (removed, last): (Int, (type: String, id: String)?) = (0, nil)
        while true {
            let rows = try own.file.tokens(in: table, after: last, limit: 1000)
            guard let next = rows.last else { break }
            last = (next.type, next.id)
            var superseded: [(type: String, id: String, fence: ShardFence)] = []
            for row in rows where lost.contains(row.type, row.id) {
                for other in others {
                    guard let known = try other.token(of: row.id, type: row.type, in: table),
                        row.fence.isSuperseded(by: known)
                    else { continue }
                    superseded.append(row)
                    break
                }
            }
            guard !superseded.isEmpty else { continue }
            let doomed = superseded
            try sources.moves.increment()
            CrashPoint.reach("sweep-counted")
            try own.rewrite { database in
                for row in doomed { try StateFile.remove(row.id, type: row.type, row.fence, from: table, database) }
            }
            removed += doomed.count
        }
        settle(table.rawValue, removed == 0 ? lost.description : nil)
        return removed
    }
}

/// The shards of which another file has a higher token than this one.
private struct LostShards: CustomStringConvertible {
    private var numbers: [String: [Int: Set<Int>]] = [:]
    private(set) var description = ""

    init(_ own: StateFile, _ sources: StateSources) throws(EntityStoreError) {
        for (key, fence) in try own.fences() where key.shards > 0 {
            guard let known = try sources.highest(for: key, besides: own.path), fence.isSuperseded(by: known) else {
                continue
            }
            numbers[key.type, default: [:]][key.shards, default: []].insert(key.shard)
            description += "\(key.type)/\(key.shard)/\(key.shards):\(known) "
        }
    }

    var isEmpty: Bool { numbers.isEmpty }

    func contains(_ type: String, _ id: String) -> Bool {
        (numbers[type] ?? [:]).contains { $0.value.contains(StableHash.shard(of: id, count: $0.key)) }
    }
}

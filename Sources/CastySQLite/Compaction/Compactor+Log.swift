import CastyCore
import CastyPlacement
import CastySharding

/// Removes from this file's logs what no reader needs any more: deleted events, times that were replaced, rows that do
/// not count, and takeovers under whose token there are no events.
///
/// Only what is *certain* is used. While a token is on disk whose owner has not yet written down what it has seen, it
/// may turn out that a row does not count which seems to, or the other way round.
extension Compactor {
    /// - Returns: The number of removed rows.
    func removeFromLog() throws(EntityStoreError) -> Int {
        var ends = LogPositions()
        try sources.each { ends.raise(to: try $0.ends()) }
        guard !isSettled("log", ends.description) else { return 0 }
        let removed = try removeDeleted() + removeWakes() + removeTakeovers()
        settle("log", removed == 0 ? ends.description : nil)
        return removed
    }

    /// Removes the events that a deletion covers, in whatever file that is, and all of an entity's deletions but the last.
    private func removeDeleted() throws(EntityStoreError) -> Int {
        var (known, entities): (Set<LogEntity>, [LogEntity]) = ([], [])
        try sources.each { logs in
            for (type, id) in try logs.entitiesWithDeletions()
            where known.insert(LogEntity(type: type, id: id)).inserted {
                entities.append(LogEntity(type: type, id: id))
            }
        }
        var verdicts = EntityVerdicts(sources: sources)
        var removed = 0
        for entity in entities {
            let verdict = try verdicts.verdict(type: entity.type, id: entity.id)
            var deletion: EventRow?
            try sources.each { logs in
                let last = try logs.last(.deletion, type: entity.type, id: entity.id, where: verdict.takeovers.counts)
                if let last, last.number > deletion?.number ?? 0 { deletion = last }
            }
            guard let deletion, verdict.isCertain(deletion),
                try count(entity, through: deletion.number) > 0
            else { continue }
            removed += try count(entity, through: deletion.number)
            try sources.moves.increment()
            try own.rewrite { database in
                try EventTables.remove(
                    type: entity.type, id: entity.id, through: deletion.number, deletionsBelow: deletion.number,
                    database)
            }
        }
        return removed
    }

    /// How many rows of this file a deletion makes useless.
    private func count(_ entity: LogEntity, through number: UInt64) throws(EntityStoreError) -> Int {
        var count = 0
        try own.file.readLogs { logs in
            count = try logs.count(type: entity.type, id: entity.id, through: number, deletionsBelow: number)
        }
        return count
    }

    /// Removes the times of this file that a later one replaces, in whatever file that is.
    private func removeWakes() throws(EntityStoreError) -> Int {
        var entities: [LogEntity] = []
        try own.file.readLogs { entities = try $0.entitiesWithWakes().map { LogEntity(type: $0.type, id: $0.id) } }
        var verdicts = EntityVerdicts(sources: sources)
        var replaced: [Int64] = []
        for entity in entities {
            var (all, mine): ([EventRow], [EventRow]) = ([], [])
            try own.file.readLogs { mine = try $0.wakes(type: entity.type, id: entity.id) }
            try sources.each { all += try $0.wakes(type: entity.type, id: entity.id) }
            let verdict = try verdicts.verdict(type: entity.type, id: entity.id)
            let counting = verdict.takeovers.counting(all)
            guard let last = counting.firstIndex(where: verdict.isCertain) else { continue }
            let earlier = Set(counting[(last + 1)...].map { LogIndex(log: $0.log, row: $0.row) })
            replaced += mine.filter { earlier.contains(LogIndex(log: $0.log, row: $0.row)) }.map(\.storedRow)
        }
        guard !replaced.isEmpty else { return 0 }
        let rows = replaced
        try sources.moves.increment()
        try own.rewrite { try EventTables.remove(rows: rows, $0) }
        return rows.count
    }

    private func removeTakeovers() throws(EntityStoreError) -> Int {
        var (all, mine): ([EventRow], [EventRow]) = ([], [])
        try sources.each { all += try $0.takeovers() }
        try own.file.readLogs { mine = try $0.takeovers() }
        var review = TakeoverReview(all)
        for shard in review.shards {
            let token = try sources.highest(for: shard.key, besides: nil)
            try review.note(token, of: shard)
        }
        let candidates = review.candidates(among: mine)
        guard !candidates.isEmpty else { return 0 }
        for file in sources.all {
            let isOwn = file.path == own.file.path
            try file.readLogs { logs in
                try logs.rows(after: 0) { row in
                    try review.look(at: row, isOwn: isOwn)
                    return true
                }
            }
        }
        let useless = review.useless(candidates)
        guard !useless.isEmpty else { return 0 }
        try sources.moves.increment()
        try own.rewrite { try EventTables.remove(rows: useless, $0) }
        return useless.count
    }
}

/// An entity of which there are events.
struct LogEntity: Hashable {
    let type: String
    let id: String
}

/// Which takeovers are needed.
///
/// A takeover is not, if a higher one of its shard counts, no event has its token, and no row is there that does not
/// count: rows that come later, from a process that hangs now, the higher one excludes as well.
private struct TakeoverReview {
    struct Shard: Hashable {
        let type: String
        let count: Int
        let number: Int

        var key: EntityKey { EntityKey(type: type, id: "", shard: number, of: count) }
    }

    private struct Use: Hashable {
        let shard: Shard
        let log: Int
        let fence: ShardFence
    }

    private var rows: [Shard: [EventRow]] = [:]
    private var counts: [String: Set<Int>] = [:]
    /// The highest takeover of each shard, where that is certain.
    private var certain: [Shard: ShardFence] = [:]
    private var verdicts: [[Shard]: Takeovers] = [:]
    /// Shards with rows that do not count in other files than this one.
    private var unsettled: Set<Shard> = []
    private var used: Set<Use> = []
    private var uncounted: [Int64] = []

    init(_ takeovers: [EventRow]) {
        for row in takeovers {
            rows[Self.shard(row), default: []].append(row)
            counts[row.type, default: []].insert(row.shards)
        }
    }

    private static func shard(_ row: EventRow) -> Shard { Shard(type: row.type, count: row.shards, number: row.shard) }

    var shards: [Shard] { rows.keys.sorted { ($0.type, $0.count, $0.number) < ($1.type, $1.count, $1.number) } }

    /// Notes the highest token of a shard in any file.
    mutating func note(_ token: ShardFence?, of shard: Shard) throws(EntityStoreError) {
        guard let highest = try takeovers([shard]).highest else { return }
        if let token, highest.isSuperseded(by: token) { return }
        certain[shard] = highest
    }

    /// The takeovers of this file that a higher one follows.
    func candidates(among mine: [EventRow]) -> [EventRow] {
        mine.filter { row in certain[Self.shard(row)].map { row.fence.isSuperseded(by: $0) } ?? false }
    }

    mutating func look(at row: EventRow, isOwn: Bool) throws(EntityStoreError) {
        let shards: [Shard] =
            row.kind == .takeover
            ? [Self.shard(row)]
            : (counts[row.type] ?? []).sorted().filter { $0 > 0 }.map {
                Shard(type: row.type, count: $0, number: StableHash.shard(of: row.id, count: $0))
            }.filter { rows[$0] != nil }
        guard !shards.isEmpty else { return }
        if try takeovers(shards).counts(row) {
            guard row.kind == .event else { return }
            for shard in shards { used.insert(Use(shard: shard, log: row.log, fence: row.fence)) }
        } else if isOwn, shards.allSatisfy({ certain[$0] != nil }) {
            uncounted.append(row.storedRow)
            // Gone with this removal; what it was excluded by goes with the next one.
            unsettled.formUnion(shards)
        } else {
            unsettled.formUnion(shards)
        }
    }

    private mutating func takeovers(_ shards: [Shard]) throws(EntityStoreError) -> Takeovers {
        if let known = verdicts[shards] { return known }
        let made = try Takeovers(shards.flatMap { rows[$0] ?? [] })
        verdicts[shards] = made
        return made
    }

    /// The rows of this file that can go.
    func useless(_ candidates: [EventRow]) -> [Int64] {
        let takeovers = candidates.filter { row in
            let shard = Self.shard(row)
            return !unsettled.contains(shard) && !used.contains(Use(shard: shard, log: row.log, fence: row.fence))
        }
        return Set(uncounted + takeovers.map(\.storedRow)).sorted()
    }
}

import CastyCore
import CastyPlacement
import CastySharding

/// Which takeovers are needed.
///
/// A takeover is not, if a higher one of its shard counts, no event has its token, and no row is there that does not
/// count: rows that come later, from a process that hangs now, the higher one excludes as well.
struct TakeoverReview {
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

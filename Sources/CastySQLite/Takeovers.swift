import CastySharding

/// Which rows about one entity count: see ``EventRow``.
struct Takeovers {
    private struct Takeover {
        let log: Int
        let fence: ShardFence
        let shards: Int
        let seen: LogPositions
    }

    /// Those that count, the highest token first.
    private var counting: [Takeover] = []

    init(_ rows: [EventRow]) throws(EntityStoreError) {
        let sorted = rows.sorted { first, second in
            if first.fence == second.fence { return (first.log, first.row) < (second.log, second.row) }
            return second.fence.isSuperseded(by: first.fence)
        }
        for row in sorted where counts(row) {
            guard let seen = LogPositions(String(decoding: row.payload, as: UTF8.self)) else {
                throw EntityStoreError(.corrupt, "a takeover does not say what it has seen")
            }
            counting.append(Takeover(log: row.log, fence: row.fence, shards: row.shards, seen: seen))
        }
    }

    /// The highest token that has taken the entity over.
    var highest: ShardFence? { counting.first?.fence }

    /// The number of shards in the layout of that takeover.
    var shards: Int? { counting.first?.shards }

    /// Whether every later owner has seen a row.
    func counts(_ row: EventRow) -> Bool {
        for takeover in counting where takeover.log != row.log && row.fence.isSuperseded(by: takeover.fence) {
            if row.row > takeover.seen[row.log] { return false }
        }
        return true
    }

    /// What the owner that wrote a row had seen of other logs.
    func seen(by row: EventRow) -> LogPositions {
        counting.first { $0.log == row.log && $0.fence == row.fence }?.seen ?? LogPositions()
    }
}

import CastyObservability

/// The effects of killing some nodes.
struct BlastRadius: Hashable, Sendable {
    /// As sentences, for the question.
    let facts: [String]
    /// Whether the remaining nodes go too, or none remains, or their decision is not known yet.
    let isGrave: Bool
    /// Whether the forecast of the remaining nodes' decision was there, where one is needed.
    let isForecast: Bool

    /// The future of the remaining nodes.
    private enum Rest {
        /// There are none.
        case empty
        /// The killed nodes took no part, so that nothing is decided.
        case unaffected
        /// They decide as the downing strategy in use does.
        case decides(PartitionForecast.Side)
        /// The forecast has not arrived yet.
        case unknown
    }

    init(killing rows: [NodeRow], _ reading: ClusterReading, _ feed: ConsoleFeed, _ words: DisplayWords) {
        let killed = Set(rows.map(\.name))
        let counted = reading.rows.filter {
            $0.displayStatus == .up || $0.displayStatus == .unreachable || $0.displayStatus == .leaving
        }
        let voters = counted.isEmpty ? reading.rows.filter(\.alive) : counted
        let up = voters.filter { $0.state == .running && $0.displayStatus != .unreachable }
        let left = up.filter { !killed.contains($0.name) }
        let unreachable = voters.count { $0.displayStatus == .unreachable }
        let rest: Rest =
            if left.isEmpty {
                .empty
            } else if !up.contains(where: { killed.contains($0.name) }) {
                .unaffected
            } else if let side = Self.remaining(without: killed, feed) {
                .decides(side)
            } else {
                .unknown
            }
        let count =
            "leaves \(left.count) of \(up.count) up" + (unreachable > 0 ? " (and \(unreachable) unreachable)" : "")
        let entities = rows.reduce(0) { $0 + $1.entities }
        let fate = Self.fate(of: rest, count, Words.list(left.map(\.name), most: 6), words)
        facts = Self.losses(rows) + fate.facts + Self.entities(entities, startElsewhere: fate.serves)
        isGrave = fate.isGrave
        if case .unknown = rest { isForecast = false } else { isForecast = true }
    }

    /// What stops with the nodes themselves.
    static func losses(_ rows: [NodeRow]) -> [String] {
        let lines = rows.prefix(6).map { row in
            "\(row.name)  \(Words.count(row.shards, "shard"))  \(Words.count(row.entities, "entity"))"
                + (row.oldest ? "  oldest: the coordinator moves" : "")
        }
        return lines + (rows.count > 6 ? ["… and \(rows.count - 6) more"] : [])
    }

    private static func entities(_ count: Int, startElsewhere: Bool) -> [String] {
        guard count > 0 else { return [] }
        let then = startElsewhere ? "; each starts elsewhere with its next message" : ""
        return ["\(Words.count(count, "entity")) stop\(then)"]
    }

    /// The decision of the nodes that remain.
    private static func remaining(without killed: Set<String>, _ feed: ConsoleFeed) -> PartitionForecast.Side? {
        feed.forecast(cutting: killed.sorted())?.sides.first { killed.isDisjoint(with: $0.nodes) }
    }

    /// The future of the remaining nodes in words, whether they serve on, and whether they are lost or may be.
    private static func fate(
        of rest: Rest, _ count: String, _ names: String, _ words: DisplayWords
    ) -> (facts: [String], serves: Bool, isGrave: Bool) {
        switch rest {
        case .empty: return (["leaves no node: the cluster ends"], false, true)
        case .unaffected: return ([count], true, false)
        case .unknown: return ([count, "whether the rest goes on is not known yet"], false, true)
        case .decides(let side):
            let rule = words(.downing(side.reason, naming: true))
            switch side.verdict {
            case .stays: return (["\(count): the rest goes on", rule], true, false)
            case .asksFirst, .asksLater:
                return (["\(count): the rest goes on with the lease", rule], true, false)
            case .waits: return (["\(count): the rest waits", rule], false, false)
            case .goes: return (["\(count): the rest goes too: \(names)", rule], false, true)
            }
        }
    }
}

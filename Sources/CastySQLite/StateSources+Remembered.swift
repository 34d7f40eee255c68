import CastySharding

extension StateSources {
    /// Some of a shard's remembered entities, from all files: of each entity the row with the highest token counts.
    ///
    /// - Throws: ``EntityStoreError``; `stale` where another process has used the shard under a higher token.
    func remembered(
        _ shard: StoreShard, after cursor: String?, limit: Int, for fence: ShardFence
    ) throws(EntityStoreError) -> RememberedPage {
        let key = shard.entity("")
        if let known = try highest(for: key, besides: nil) { try Self.check(fence, known, key) }
        let limit = max(1, limit)
        var best: [String: StateFile.RememberedRow] = [:]
        // Up to here every file has said what it has; `nil` for the end.
        var horizon: String?
        func add(_ rows: [StateFile.RememberedRow]) throws(EntityStoreError) {
            if rows.count == limit, let last = rows.last?.id, horizon.map({ last.isStored(before: $0) }) ?? true {
                horizon = last
            }
            for row in rows {
                if let known = row.fence, known.cluster != fence.cluster { throw .foreign(known, fence) }
                if best[row.id].map({ $0.isSuperseded(by: row) }) ?? true { best[row.id] = row }
            }
        }
        for file in all { try add(file.remembered(shard, after: cursor, limit: limit)) }
        if let legacy = legacyRemembered { try add(legacy.legacyRemembered(shard, after: cursor, limit: limit)) }
        let entities = best.values.filter { row in
            row.runs && (horizon.map { !$0.isStored(before: row.id) } ?? true)
        }
        let ids = entities.map(\.id).sorted { $0.isStored(before: $1) }
        let page = Array(ids.prefix(limit))
        return RememberedPage(page, next: page.count < ids.count ? page.last : horizon)
    }
}

extension StateFile.RememberedRow {
    fileprivate func isSuperseded(by other: StateFile.RememberedRow) -> Bool {
        guard let fence = other.fence else { return false }
        return self.fence?.isSuperseded(by: fence) ?? true
    }
}

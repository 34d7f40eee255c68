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
        var removal = Removal(self)
        for file in sources.all {
            try eachPage(of: file, { try $0.entitiesWithDeletions(after: $1, limit: $2) }) {
                entities throws(EntityStoreError) in
                var verdicts = EntityVerdicts(sources: sources)
                for (type, id) in entities {
                    guard let number = try lastDeletion(type: type, id: id, &verdicts) else { continue }
                    var rows: [Int64] = []
                    repeat {
                        try own.file.readLogs { logs in
                            rows = try logs.rows(type: type, id: id, coveredBy: number, limit: Self.pageLimit)
                        }
                        try removal.add(rows)
                        // What was found is found again until it is removed.
                        if rows.count == Self.pageLimit { try removal.finish() }
                    } while rows.count == Self.pageLimit
                }
                // The same entity may be found in another file.
                try removal.finish()
            }
        }
        return removal.count
    }

    /// Up to which event an entity's events are certainly deleted.
    private func lastDeletion(
        type: String, id: String, _ verdicts: inout EntityVerdicts
    ) throws(EntityStoreError) -> UInt64? {
        let verdict = try verdicts.verdict(type: type, id: id)
        var deletion: EventRow?
        try sources.each { logs in
            let last = try logs.last(.deletion, type: type, id: id, where: verdict.takeovers.counts)
            if let last, last.number > deletion?.number ?? 0 { deletion = last }
        }
        guard let deletion, verdict.isCertain(deletion) else { return nil }
        return deletion.number
    }

    /// Removes the times of this file that a later one replaces, in whatever file that is.
    private func removeWakes() throws(EntityStoreError) -> Int {
        var removal = Removal(self)
        try eachPage(of: own.file, { try $0.entitiesWithWakes(after: $1, limit: $2) }) {
            entities throws(EntityStoreError) in
            var verdicts = EntityVerdicts(sources: sources)
            for (type, id) in entities {
                var (all, mine): ([EventRow], [EventRow]) = ([], [])
                try own.file.readLogs { mine = try $0.wakes(type: type, id: id) }
                try sources.each { all += try $0.wakes(type: type, id: id) }
                let verdict = try verdicts.verdict(type: type, id: id)
                let counting = verdict.takeovers.counting(all)
                guard let last = counting.firstIndex(where: verdict.isCertain) else { continue }
                let earlier = Set(counting[(last + 1)...].map { LogIndex(log: $0.log, row: $0.row) })
                try removal.add(
                    mine.filter { earlier.contains(LogIndex(log: $0.log, row: $0.row)) }.map(\.storedRow))
            }
        }
        try removal.finish()
        return removal.count
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
            // What comes between two pages is behind the end, and of no token that is looked at; none moves to another
            // file, because only one process compacts.
            let end = try file.logEnds()[file.number]
            var last: EventRow?
            while last?.storedRow ?? 0 < end {
                let page = try file.logRows(after: last)
                guard let next = page.last else { break }
                for row in page { try review.look(at: row, isOwn: isOwn) }
                last = next
                pageIsRead()
            }
        }
        var removal = Removal(self)
        try removal.add(review.useless(candidates))
        try removal.finish()
        return removal.count
    }
}

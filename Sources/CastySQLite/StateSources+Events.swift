import CastyPlacement
import CastySharding
import GRDB

/// The file that a transaction writes, which reads its own rows.
struct OpenLog {
    let file: Int
    let database: Database
}

extension StateSources {
    /// The takeovers of an entity's shard, and what they make of its rows.
    func takeovers(type: String, id: String, in open: OpenLog? = nil) throws(EntityStoreError) -> Takeovers {
        var rows: [(file: Int, row: EventRow)] = []
        try each(open) { file, database in
            for row in try EventTables.takeovers(type: type, id: id, database) { rows.append((file, row)) }
        }
        return try Takeovers(rows)
    }

    /// How far the logs of all files but one have been written.
    func ends(besides own: Int) throws(EntityStoreError) -> LogPositions {
        // A file that has come since counts from its beginning.
        try refresh()
        var ends = LogPositions()
        try each { file, database in
            if file != own { ends[file] = try EventTables.end(database) }
        }
        return ends
    }

    /// The numbers of an entity's last event that ever was, and of its last deleted one; 0 for none.
    func last(
        type: String, id: String, _ takeovers: Takeovers, in open: OpenLog? = nil
    ) throws(EntityStoreError) -> (event: UInt64, deleted: UInt64) {
        var (last, deleted): (UInt64, UInt64) = (0, 0)
        try each(open) { file, database in
            for kind in [EventRow.Kind.event, .deletion] {
                let row = try EventTables.last(kind, type: type, id: id, database) { takeovers.counts($0, in: file) }
                guard let row else { continue }
                last = max(last, row.number)
                if kind == .deletion { deleted = max(deleted, row.number) }
            }
        }
        return (last, deleted)
    }

    /// The first events of an entity after a number.
    func page(
        of key: EntityKey, after sequence: UInt64, limit: Int, for fence: ShardFence
    ) throws(EntityStoreError) -> EventPage {
        if let known = try highest(for: key, besides: nil) { try Self.check(fence, known, key) }
        let takeovers = try takeovers(type: key.type, id: key.id)
        let (last, deleted) = try last(type: key.type, id: key.id, takeovers)
        var rows: [EventRow] = []
        try each { file, database in
            rows += try EventTables.events(
                type: key.type, id: key.id, after: max(sequence, deleted), limit: limit, database
            ) { takeovers.counts($0, in: file) }
        }
        rows.sort { $0.number < $1.number }
        for (row, next) in zip(rows, rows.dropFirst()) where row.number == next.number {
            throw EntityStoreError(.corrupt, "event \(row.number) of \(key.id) is there twice")
        }
        if let foreign = rows.first(where: { $0.fence.cluster != fence.cluster }) {
            throw .foreign(foreign.fence, fence)
        }
        return EventPage(events: rows.prefix(limit).map(\.event), last: last)
    }

    /// Reads the logs of all files, in order; that of an open transaction through it.
    private func each(
        _ open: OpenLog? = nil, _ body: (_ file: Int, Database) throws -> Void
    ) throws(EntityStoreError) {
        for file in all {
            if let open, open.file == file.number {
                try SQLiteFile.run(file.path) { try body(open.file, open.database) }
            } else {
                try file.readLog { try body(file.number, $0) }
            }
        }
    }

    // MARK: Queries

    /// The first events of all files that match a filter.
    ///
    /// Each file's log is read in its order, and an event only after all that its owner had seen of the other files. An
    /// event is passed on when it is certain that it counts: that is so until another process has written a token for its
    /// shard, and again when that process has written down what it has seen.
    func batch(
        matching filter: EventFilter, after offset: EventOffset, limit: Int
    ) throws(EntityStoreError) -> EventBatch {
        guard var positions = LogPositions(offset.description) else {
            throw EntityStoreError(.corrupt, "\(offset) is no offset of this store")
        }
        try refresh()
        let start = positions
        var chunks: [LogChunk] = []
        try each { file, database in
            chunks.append(try LogChunk(file: file, filter, after: start[file], limit: limit, database))
        }
        var verdicts = EntityVerdicts(sources: self)
        var found: [EventBatch.Element] = []
        var hasProgress = true
        while hasProgress, found.count < limit {
            hasProgress = false
            for index in chunks.indices {
                let file = chunks[index].file
                while found.count < limit, let row = chunks[index].rows.first {
                    if positions[file] < row.row - 1 {
                        // Nothing before it matches. Another file's events may depend on that only.
                        positions[file] = row.row - 1
                        hasProgress = true
                    }
                    let verdict = try verdicts.verdict(type: row.type, id: row.id)
                    guard verdict.isCertain(row) else { break }
                    let counts = verdict.takeovers.counts(row, in: file) && row.number > verdict.deleted
                    if counts {
                        let seen = verdict.takeovers.seen(by: row, in: file)
                        guard seen.isIncluded(in: positions, besides: file) else { break }
                    }
                    positions[file] = row.row
                    if counts { found.append(EventBatch.Element(row.event, at: EventOffset(positions.description))) }
                    chunks[index].rows.removeFirst()
                    hasProgress = true
                }
                if chunks[index].rows.isEmpty, positions[file] < chunks[index].end {
                    positions[file] = chunks[index].end
                    hasProgress = true
                }
            }
        }
        let isAll = chunks.allSatisfy { $0.rows.isEmpty && !$0.hasMore }
        return EventBatch(
            events: found, next: EventOffset(positions.description), isEnd: isAll || positions == start)
    }
}

/// What a query has read of one file.
private struct LogChunk {
    let file: Int
    var rows: ArraySlice<EventRow>
    /// Up to here there is no other match.
    let end: Int64
    let hasMore: Bool

    init(file: Int, _ filter: EventFilter, after row: Int64, limit: Int, _ database: Database) throws {
        self.file = file
        let rows = try EventTables.matches(filter, after: row, limit: limit, database)
        hasMore = rows.count == limit
        end = hasMore ? rows.last?.row ?? row : try EventTables.end(database)
        self.rows = rows[...]
    }
}

/// What the takeovers say of the entities in a batch. They are read after the rows that they are about.
private struct EntityVerdicts {
    struct Verdict {
        let takeovers: Takeovers
        let deleted: UInt64
        /// The highest token of the entity's shard when the takeovers were read.
        let token: ShardFence?

        /// Whether it is certain that a row counts, or that it does not.
        func isCertain(_ row: EventRow) -> Bool {
            guard let token, row.fence.isSuperseded(by: token) else { return true }
            return takeovers.highest.map { !$0.isSuperseded(by: token) } ?? false
        }
    }

    private struct Entity: Hashable {
        let type: String
        let id: String
    }

    let sources: StateSources
    private var known: [Entity: Verdict] = [:]

    init(sources: StateSources) { self.sources = sources }

    mutating func verdict(type: String, id: String) throws(EntityStoreError) -> Verdict {
        let entity = Entity(type: type, id: id)
        if let verdict = known[entity] { return verdict }
        // The token first: an owner whose token comes later sees every row that was read before.
        var token: ShardFence?
        if let shards = try sources.takeovers(type: type, id: id).shards {
            token = try sources.highest(for: EntityKey(type: type, id: id, shards: shards), besides: nil)
        }
        let takeovers = try sources.takeovers(type: type, id: id)
        let deleted = try sources.last(type: type, id: id, takeovers).deleted
        let verdict = Verdict(takeovers: takeovers, deleted: deleted, token: token)
        known[entity] = verdict
        return verdict
    }
}

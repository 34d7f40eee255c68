import CastyPlacement
import CastySharding
import GRDB

extension StateSources {
    /// The takeovers of an entity's shard, and what they make of its rows.
    ///
    /// - Parameter open: The file that a transaction writes, which reads its own rows.
    func takeovers(type: String, id: String, in open: EventLogs? = nil) throws(EntityStoreError) -> Takeovers {
        var rows: [EventRow] = []
        try each(open) { rows += try $0.takeovers(type: type, id: id) }
        return try Takeovers(rows)
    }

    /// How far all logs but one have been written.
    func ends(besides own: Int) throws(EntityStoreError) -> LogPositions {
        // A file that has come since counts from its beginning.
        try refresh()
        var ends = LogPositions()
        try each { ends.raise(to: try $0.ends()) }
        ends[own] = 0
        return ends
    }

    /// The numbers of an entity's last event that ever was, and of its last deleted one; 0 for none.
    func last(
        type: String, id: String, _ takeovers: Takeovers, in open: EventLogs? = nil
    ) throws(EntityStoreError) -> (event: UInt64, deleted: UInt64) {
        var (last, deleted): (UInt64, UInt64) = (0, 0)
        try each(open) { logs in
            for kind in [EventRow.Kind.event, .deletion] {
                let row = try logs.last(kind, type: type, id: id, where: takeovers.counts)
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
        try each { logs in
            let found = try logs.events(
                type: key.type, id: key.id, after: max(sequence, deleted), limit: limit, where: takeovers.counts)
            rows = rows.isEmpty || found.isEmpty ? rows + found : (rows + found).sortedOnce { $0.number < $1.number }
        }
        for (row, next) in zip(rows, rows.dropFirst()) where row.number == next.number {
            throw EntityStoreError(.corrupt, "event \(row.number) of \(key.id) is there twice")
        }
        if let foreign = rows.first(where: { $0.fence.cluster != fence.cluster }) {
            throw .foreign(foreign.fence, fence)
        }
        return EventPage(events: rows.prefix(limit).map(\.event), last: last)
    }

    /// Reads the logs of all files, in order; that of an open transaction through it.
    func each(_ open: EventLogs? = nil, _ body: (EventLogs) throws -> Void) throws(EntityStoreError) {
        for file in all {
            if let open, open.file == file.number {
                try SQLiteFile.run(file.path) { try body(open) }
            } else {
                try file.readLogs(body)
            }
        }
    }

    // MARK: Queries

    /// The first events of all logs that match a filter.
    ///
    /// Each log is read in its order, and an event only after all that its owner had seen of the other logs. An
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
        try each { logs in
            for log in try logs.ends().logs {
                let chunk = try LogChunk(log, filter, after: start[log], limit: limit, logs)
                if let index = chunks.firstIndex(where: { $0.log == log }) {
                    chunks[index].merge(chunk)
                } else {
                    chunks.append(chunk)
                }
            }
        }
        chunks.sort { $0.log < $1.log }
        var verdicts = EntityVerdicts(sources: self)
        var found: [EventBatch.Element] = []
        var hasProgress = true
        while hasProgress, found.count < limit {
            hasProgress = false
            for index in chunks.indices {
                let log = chunks[index].log
                while found.count < limit, let row = chunks[index].rows.first {
                    if positions[log] < row.row - 1 {
                        // Nothing before it matches. Another log's events may depend on that only.
                        positions[log] = row.row - 1
                        hasProgress = true
                    }
                    let verdict = try verdicts.verdict(type: row.type, id: row.id)
                    guard verdict.isCertain(row) else { break }
                    let counts = verdict.takeovers.counts(row) && row.number > verdict.deleted
                    if counts {
                        let seen = verdict.takeovers.seen(by: row)
                        guard seen.isIncluded(in: positions, besides: log) else { break }
                    }
                    positions[log] = row.row
                    if counts { found.append(EventBatch.Element(row.event, at: EventOffset(positions.description))) }
                    chunks[index].rows.removeFirst()
                    hasProgress = true
                }
                if chunks[index].rows.isEmpty, positions[log] < chunks[index].end {
                    positions[log] = chunks[index].end
                    hasProgress = true
                }
            }
        }
        let isAll = chunks.allSatisfy { $0.rows.isEmpty && !$0.hasMore }
        return EventBatch(
            events: found, next: EventOffset(positions.description), isEnd: isAll || positions == start)
    }
}

/// What a query has read of one log.
private struct LogChunk {
    let log: Int
    var rows: ArraySlice<EventRow>
    /// Up to here there is no other match.
    var end: Int64
    var hasMore: Bool

    init(_ log: Int, _ filter: EventFilter, after row: Int64, limit: Int, _ logs: EventLogs) throws {
        self.log = log
        let rows = try logs.matches(filter, in: log, after: row, limit: limit)
        hasMore = rows.count == limit
        end = hasMore ? rows.last?.row ?? row : try logs.ends()[log]
        self.rows = rows[...]
    }

    /// Adds what another file has of the log: its first part, or the same rows while they are copied.
    mutating func merge(_ other: LogChunk) {
        let full = [self, other].filter(\.hasMore).map(\.end).min()
        rows =
            (rows + other.rows).sortedOnce { $0.row < $1.row }.filter { row in full.map { row.row <= $0 } ?? true }[...]
        end = full ?? max(end, other.end)
        hasMore = full != nil
    }
}

/// Tells one row of a log from all others.
struct LogIndex: Hashable {
    let log: Int
    let row: Int64
}

extension Sequence<EventRow> {
    /// Sorted, and each row once: while rows are copied, two files have them.
    fileprivate func sortedOnce(by comesFirst: (EventRow, EventRow) -> Bool) -> [EventRow] {
        var seen: Set<LogIndex> = []
        return filter { seen.insert(LogIndex(log: $0.log, row: $0.row)).inserted }.sorted(by: comesFirst)
    }
}

/// What the takeovers say of the entities in a batch. They are read after the rows that they are about.
struct EntityVerdicts {
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

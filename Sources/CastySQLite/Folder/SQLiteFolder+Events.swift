import CastySharding
import GRDB

/// Events of all files of a folder.
extension SQLiteFolder {
    /// The most events of a file that are in memory.
    private static let eventLimit = 256

    /// The entities of which a file has events.
    static func entitiesWithEvents(_ file: FolderFile, after cursor: Key?) throws -> [(Key, Found)] {
        try file.readLogs { logs in
            try logs.entitiesWithEvents(after: cursor.map { ($0.type, $0.id) }, limit: pageLimit)
        }?.map { (Key(type: $0.type, id: $0.id), Found()) } ?? []
    }

    /// Hands over the events of an entity, by number.
    static func events(of key: Key, in files: FolderFiles, _ body: (StoredEvent) throws -> Void) throws {
        var next: UInt64? = 0
        while let after = next {
            let page = try files.consistently { try events(of: key, after: after, in: $0, files.takeovers()) }
            for event in page.events { try body(event) }
            next = page.next
        }
    }

    /// Some of an entity's events, and the number after which there may be more.
    private static func events(
        of key: Key, after number: UInt64, in files: [FolderFile], _ takeovers: FolderTakeovers
    ) throws -> (events: [StoredEvent], next: UInt64?) {
        var (rows, end): ([EventRow], UInt64) = ([], number)
        var limit = eventLimit
        while end <= number {
            (rows, end) = ([], .max)
            for file in files {
                let page = try file.readLogs {
                    try $0.events(type: key.type, id: key.id, after: number, limit: limit) { _ in true }
                }
                guard let page, let last = page.last else { continue }
                rows += page
                // The next page may have more rows of the last number, of which one counts.
                if page.count == limit { end = min(end, last.number - 1) }
            }
            // More rows of one number than fit.
            limit *= 2
        }
        let (all, deleted) = try judges(of: key, in: files, takeovers)
        var found: [EventRow] = []
        for row in rows.sorted(by: { $0.number < $1.number })
        where row.number <= end && row.number > deleted && all.counts(row) {
            guard let last = found.last, last.number == row.number else {
                found.append(row)
                continue
            }
            // While a row is copied, two files have it.
            guard (last.log, last.row) == (row.log, row.row) else {
                throw EntityStoreError(.corrupt, "event \(row.number) of \(key.id) is there twice")
            }
        }
        return (found.map(\.event), end < .max ? end : nil)
    }

    /// What an entity's rows are judged by, read after them: a row that a later owner has not seen is excluded by that
    /// owner's takeover only.
    private static func judges(
        of key: Key, in files: [FolderFile], _ known: FolderTakeovers
    ) throws -> (Takeovers, deleted: UInt64) {
        var rows = known.rows(type: key.type, id: key.id)
        for file in files { rows += try file.readLogs { try $0.takeovers(type: key.type, id: key.id) } ?? [] }
        let takeovers = try Takeovers(rows)
        var deleted: UInt64 = 0
        for file in files {
            let last = try file.readLogs {
                try $0.last(.deletion, type: key.type, id: key.id, where: takeovers.counts)
            }
            deleted = max(deleted, (last ?? nil)?.number ?? 0)
        }
        return (takeovers, deleted)
    }
}

extension FolderFile {
    /// Reads the events; `nil` where the file has none.
    func readLogs<Value>(_ body: (EventLogs) throws -> Value) throws -> Value? {
        if isShared { return nil }
        return try read { database in
            try EventLogs(file: WriterSlot.number(of: name) ?? 0, database).map(body)
        }
    }
}

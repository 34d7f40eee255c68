import CastyCore
import CastySerialization
import CastySharding
import GRDB

/// A row of a log: events, deletions, takeovers and times at which entities must run again, in the order in which the file's process committed them.
///
/// A row *counts* unless a later owner of its shard has not seen it: a takeover says how far its owner has seen each
/// other log, and of what had a lower token, nothing beyond that counts. Takeovers count, or not, by the same
/// rule.
struct EventRow {
    enum Kind: Int64 { case event, deletion, takeover, wake }

    /// The log, which has the number of the slot whose process has written it. A file has the log of its slot, and the
    /// rows of other logs that it has taken over from files that are gone.
    var log = 0
    /// Its index in that log; it is never given twice.
    var row: Int64 = 0
    /// Its number in the table of the file.
    var storedRow: Int64 = 0
    var kind: Kind
    var type: String
    /// Empty for a takeover.
    var id = ""
    /// The event's number, or that of the last deleted one; for a time its milliseconds, in whose order it is found.
    var number: UInt64 = 0
    /// The layout and the shard that a takeover is about; 0 otherwise.
    var shards = 0
    var shard = 0
    /// The coded event, or what a takeover has seen; for a time one byte, and none where there is no time any more.
    var payload: [UInt8] = []
    var manifest = ""
    var version = 0
    var tags: [String] = []
    var fence: ShardFence

    /// The columns; `log` and `place` are 0 in rows of the file's own log, and missing before version 5.
    static func columns(hasLogs: Bool) -> String {
        "row, kind, type, id, number, shards, shard, payload, manifest, version, tags, cluster, up, start, sequence, sum, "
            + (hasLogs ? "log, place" : "0, 0")
    }

    fileprivate init(
        log: Int, row: Int64, storedRow: Int64, kind: Kind, type: String, id: String, number: UInt64,
        fence: ShardFence
    ) {
        (self.log, self.row, self.storedRow, self.kind) = (log, row, storedRow, kind)
        (self.type, self.id, self.number, self.fence) = (type, id, number, fence)
    }

    init(kind: Kind, key: EntityKey, fence: ShardFence) {
        self.kind = kind
        type = key.type
        self.fence = fence
        if kind == .takeover { (shards, shard) = (key.shards, key.shard) } else { id = key.id }
    }

    init(_ record: EventRecord, number: UInt64, key: EntityKey, fence: ShardFence) {
        self.init(kind: .event, key: key, fence: fence)
        self.number = number
        payload = record.payload
        manifest = record.manifest
        version = record.version
        tags = record.tags
    }

    /// Says when an entity must run again, if at all. The last one that counts is valid.
    init(wakeAt time: WallTime?, key: EntityKey, fence: ShardFence) {
        self.init(kind: .wake, key: key, fence: fence)
        number = UInt64(bitPattern: time?.milliseconds ?? .max)
        payload = time == nil ? [] : [1]
    }

    /// The time of a row that sets one.
    var wakeAt: WallTime? {
        payload.isEmpty ? nil : WallTime(milliseconds: Int64(bitPattern: number))
    }

    var event: StoredEvent {
        StoredEvent(
            type: type, entity: id, sequence: number,
            record: EventRecord(payload: payload, manifest: manifest, version: version, tags: tags))
    }

    /// Adds the row to the file's own log.
    ///
    /// - Parameter file: The number of that log.
    /// - Returns: The index of the row.
    @discardableResult
    func insert(into file: Int, _ database: Database) throws -> Int64 {
        var row = self
        (row.log, row.row) = (file, try EventTables.nextRow(database))
        try row.insert("INSERT", isOwn: true, database)
        return row.row
    }

    /// Adds a row of another file with its log and index, unless it is there already.
    func adopt(_ database: Database) throws { try insert("INSERT OR IGNORE", isOwn: false, database) }

    private func insert(_ command: String, isOwn: Bool, _ database: Database) throws {
        let coded = codedTags
        try database.change(
            """
            \(command) INTO event (
                row, kind, type, id, number, shards, shard, payload, manifest, version, tags, cluster, up, start,
                sequence, sum, log, place)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        ) { arguments in
            // Its index in its own log is its number in the table; SQLite finds a number for any other.
            if isOwn { arguments.add(row) } else { arguments.addNoValue() }
            arguments.add(kind.rawValue)
            arguments.add(stored: type)
            arguments.add(stored: id)
            arguments.add(number)
            arguments.add(shards)
            arguments.add(shard)
            arguments.add(payload)
            arguments.add(stored: manifest)
            arguments.add(version)
            arguments.add(coded)
            arguments.add(fence)
            arguments.add(coded.withUnsafeBytes { sum(of: contentSum(tags: $0)) })
            arguments.add(isOwn ? 0 : log)
            arguments.add(isOwn ? 0 : row)
        }
        guard !tags.isEmpty, database.changesCount > 0 else { return }
        let stored = database.lastInsertedRowID
        // No event has a tag twice in this table.
        for tag in tags {
            try database.change("INSERT OR IGNORE INTO event_tag (tag, row) VALUES (?, ?)") { arguments in
                arguments.add(stored: tag)
                arguments.add(stored)
            }
        }
    }

    /// The checksum of a row: that of its content, and of its log and its index there.
    func sum(of content: Int64) -> Int64 {
        var sum = CRC32C()
        for number in [content, Int64(log), row] { withUnsafeBytes(of: number.littleEndian) { sum.update($0) } }
        return Int64(sum.value)
    }

    /// The checksum of the content, which was that of the row up to version 6.
    var contentSum: Int64 { codedTags.withUnsafeBytes { contentSum(tags: $0) } }

    fileprivate func contentSum(tags coded: UnsafeRawBufferPointer) -> Int64 {
        var covered: [UInt8] = []
        covered.reserveCapacity(160 + payload.count + coded.count)
        covered.append(decimal: kind.rawValue)
        covered.append(32)
        covered.append(decimal: number)
        for number in [shards, shard, version] {
            covered.append(32)
            covered.append(decimal: number)
        }
        covered.append(32)
        covered.append(fence)
        covered.append(32)
        withUnsafeBytes(of: UInt64(manifest.utf8.count).littleEndian) { covered.append(contentsOf: $0) }
        covered.append(contentsOf: manifest.utf8)
        withUnsafeBytes(of: UInt64(coded.count).littleEndian) { covered.append(contentsOf: $0) }
        covered.append(contentsOf: coded)
        covered.append(contentsOf: payload)
        return checksum(type: type, id: id, state: covered)
    }

    /// Each tag after its length.
    private var codedTags: [UInt8] {
        var data: [UInt8] = []
        for tag in tags {
            withUnsafeBytes(of: UInt32(tag.utf8.count).bigEndian) { data.append(contentsOf: $0) }
            data.append(contentsOf: tag.utf8)
        }
        return data
    }

    fileprivate static func tags(from bytes: UnsafeRawBufferPointer) throws(EntityStoreError) -> [String] {
        if bytes.isEmpty { return [] }
        var (tags, rest): ([String], ArraySlice<UInt8>) = ([], [UInt8](bytes)[...])
        while !rest.isEmpty {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count >= 4 + length,
                let tag = String(validating: rest.dropFirst(4).prefix(length), as: UTF8.self)
            else { throw EntityStoreError(.corrupt, "the tags of an event are not what was written") }
            tags.append(tag)
            rest = rest.dropFirst(4 + length)
        }
        return tags
    }
}

/// Reads rows of the log one after the other. Those of one entity share most of their texts.
struct EventRowReader {
    /// The number of the file's own log.
    let file: Int
    private var (type, id, manifest) = ("", "", "")
    private var cluster = ClusterText(ClusterID(high: 0, low: 0))

    init(file: Int) { self.file = file }

    /// Reads a row with all ``EventRow/columns(hasLogs:)``, and checks its checksum.
    mutating func read(_ row: StatementRow) throws(EntityStoreError) -> EventRow {
        guard let kind = EventRow.Kind(rawValue: try row.number(1)) else {
            throw EntityStoreError(.corrupt, "a row of the log is of no known kind")
        }
        type = try row.text(2, type)
        id = try row.text(3, id)
        manifest = try row.text(8, manifest)
        let fence: ShardFence
        (fence, cluster) = try row.fence(11, cluster)
        let (stored, log) = (try row.number(0), Int(clamping: try row.number(16)))
        let coded = try row.bytes(10)
        guard try (log == 0) == (row.number(17) == 0) else {
            throw EntityStoreError(.corrupt, "row \(stored) of the log, of \(id), is of no log that is known")
        }
        var found = EventRow(
            log: log == 0 ? file : log, row: log == 0 ? stored : try row.number(17), storedRow: stored, kind: kind,
            type: type, id: id, number: UInt64(bitPattern: try row.number(4)), fence: fence)
        (found.shards, found.shard) = (Int(try row.number(5)), Int(try row.number(6)))
        (found.payload, found.manifest) = ([UInt8](try row.bytes(7)), manifest)
        found.version = Int(try row.number(9))
        found.tags = try EventRow.tags(from: coded)
        let (sum, content) = (try row.number(15), found.contentSum(tags: coded))
        // Rows of earlier versions stay as they are, until they are taken over by another file.
        guard sum == found.sum(of: content) || sum == content else {
            throw EntityStoreError(
                .corrupt, "row \(found.row) of the log, of \(id), is not what was written: wrong checksum")
        }
        return found
    }
}

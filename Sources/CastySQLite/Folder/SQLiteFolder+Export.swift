public import CastyCore
public import CastySharding
import GRDB

extension SQLiteFolder {
    /// One thing that the stores hold.
    public enum Entry: Hashable, Sendable {
        /// The state of an entity, and the token under which it was saved; `nil` for one that version 2 has saved.
        case state(type: String, id: String, state: [UInt8], fence: ShardFence?)
        /// An entity that runs.
        case remembered(type: String, id: String)
        /// When an entity must run again for a reminder.
        case reminder(type: String, id: String, at: WallTime)
        /// An event that counts and was not deleted.
        case event(StoredEvent)
    }

    /// Hands over every entity's state, then every remembered entity, then the times of reminders, first those beside states
    /// and then those in logs, and then all events; each by type and id in the order of their bytes, and events of an
    /// entity by number.
    ///
    /// Nodes may use the folder meanwhile: of each entity the state is one that was its latest at some moment of the
    /// call, and the events are those up to one that was its last.
    ///
    /// - Throws: ``EntityStoreError`` at the first row that is not what was written, and what `body` throws.
    /// - Complexity: O(*n*) in the number of rows; memory for a bounded number of them.
    public func export(_ body: (Entry) throws -> Void) throws {
        let files = FolderFiles(self)
        try merge(files, { try Self.states($0, after: $1) }) { key, found in
            guard let state = found.state else { return }
            try body(.state(type: key.type, id: key.id, state: state, fence: found.fence))
        }
        try merge(files, { try Self.remembered($0, after: $1) }) { key, found in
            if found.runs { try body(.remembered(type: key.type, id: key.id)) }
        }
        for page in [Self.times(_:after:), { try Self.loggedTimes($0, after: $1, files.takeovers()) }] {
            try merge(files, page) { key, found in
                if let time = found.wakeAt { try body(.reminder(type: key.type, id: key.id, at: time)) }
            }
        }
        try merge(files, { try Self.entitiesWithEvents($0, after: $1) }) { key, _ in
            try Self.events(of: key, in: files) { try body(.event($0)) }
        }
    }

    /// The most rows of a file that are in memory.
    static let pageLimit = 1000

    struct Key: Hashable, Comparable {
        let type: String
        let id: String

        static func < (left: Key, right: Key) -> Bool {
            left.type == right.type
                ? left.id.isStored(before: right.id) : left.type.isStored(before: right.type)
        }
    }

    struct Found {
        var state: [UInt8]?
        var runs = false
        var wakeAt: WallTime?
        /// `nil` supersedes nothing.
        var fence: ShardFence?
        /// The index in its log; 0 for what is in none.
        var row: Int64 = 0

        func supersedes(_ known: Found) -> Bool {
            guard let fence else { return false }
            return known.fence.map { $0.isSuperseded(by: fence) || $0 == fence && known.row < row } ?? true
        }
    }

    /// Reads all files side by side, page by page, and gives of each key the row with the highest token.
    private func merge(
        _ files: FolderFiles, _ page: (FolderFile, Key?) throws -> [(Key, Found)],
        _ body: (Key, Found) throws -> Void
    ) throws {
        var cursor: Key?
        repeat {
            let (best, horizon) = try files.consistently { files in
                var best: [Key: Found] = [:]
                // Up to here every file has said what it has; `nil` for the end.
                var horizon: Key?
                for file in files {
                    let rows = try page(file, cursor)
                    if rows.count == Self.pageLimit, let last = rows.last?.0, horizon.map({ last < $0 }) ?? true {
                        horizon = last
                    }
                    for (key, found) in rows {
                        if best[key].map(found.supersedes) ?? true { best[key] = found }
                    }
                }
                return (best, horizon)
            }
            for (key, found) in best.sorted(by: { $0.key < $1.key }) {
                if let horizon, horizon < key { break }
                try body(key, found)
            }
            cursor = horizon
        } while cursor != nil
    }

    private static func states(_ file: FolderFile, after cursor: Key?) throws -> [(Key, Found)] {
        try file.read { database in
            guard try database.tableExists("entity") else { return [] }
            let columns = file.isShared ? "type, id, state, sum" : StateFile.entityColumns
            return try rows(columns, of: "entity", after: cursor, database) { row in
                if file.isShared {
                    let entity = try row.legacyEntity()
                    return (Key(type: entity.type, id: entity.id), Found(state: entity.state))
                }
                let entity = try row.checkedEntity()
                return (Key(type: entity.type, id: entity.id), Found(state: entity.state, fence: entity.fence))
            }
        }
    }

    private static func remembered(_ file: FolderFile, after cursor: Key?) throws -> [(Key, Found)] {
        try file.read { database in
            guard try database.tableExists("remembered") else { return [] }
            let columns = file.isShared ? SQLiteFile.legacyRememberedColumns : StateFile.rememberedColumns
            return try rows(columns, of: "remembered", after: cursor, database) { row in
                let entity = try file.isShared ? row.legacyRememberedRow() : row.rememberedRow()
                return (Key(type: entity.type, id: entity.id), Found(runs: entity.runs, fence: entity.fence))
            }
        }
    }

    static func rows(
        _ columns: String, of table: String, after cursor: Key?, _ database: Database,
        _ value: (Row) throws -> (Key, Found)
    ) throws -> [(Key, Found)] {
        let (lowest, isAbove) = ((-Double.infinity).databaseValue, cursor == nil ? ">=" : ">")
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT \(columns) FROM \(table) WHERE (type, id) \(isAbove) (?, ?) ORDER BY type, id LIMIT ?",
            arguments: [
                cursor?.type.stored.databaseValue ?? lowest, cursor?.id.stored.databaseValue ?? lowest, pageLimit,
            ])
        var found: [(Key, Found)] = []
        while let row = try rows.next() { found.append(try value(row)) }
        return found
    }
}

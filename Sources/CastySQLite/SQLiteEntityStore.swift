public import CastySharding
import Foundation
import GRDB

/// Stores the states of entities in an SQLite file.
///
/// A state is on disk when ``save(_:type:id:)`` returns. A crash of the process or the machine loses no saved state,
/// and leaves none half-written. Each row has a checksum: bytes that the disk has changed are reported as an error and
/// never returned as a state. The nodes of one machine may share the file.
public final class SQLiteEntityStore: EntityStore {
    private let file: SQLiteFile

    init(file: SQLiteFile) {
        self.file = file
    }

    /// Opens a file; creates it, readable by its owner only, if it is missing.
    ///
    /// - Throws: ``EntityStoreError``, also if the file is not a store, or is one of another version.
    public convenience init(path: String) throws(EntityStoreError) {
        self.init(file: try SQLiteFile(path: path))
    }

    /// The state last saved under an id, or `nil` if there is none.
    public func load(type: String, id: String) throws(EntityStoreError) -> [UInt8]? {
        try file.read { database in
            let statement = try database.cachedStatement(sql: "SELECT state, sum FROM entity WHERE type = ? AND id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [type.stored, id.stored]) else { return nil }
            let state = try row.bytes(0)
            guard try row.number(1) == checksum(type: type, id: id, state: state) else {
                throw EntityStoreError(.corrupt, "the state of \(id) is not what was saved: its checksum is wrong")
            }
            return [UInt8](state)
        }
    }

    /// Saves the state under an id; replaces the previous one.
    public func save(_ state: [UInt8], type: String, id: String) throws(EntityStoreError) {
        let state = Data(state)
        let sum = checksum(type: type, id: id, state: state)
        try file.write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO entity (type, id, state, sum) VALUES (?, ?, ?, ?)
                    ON CONFLICT (type, id) DO UPDATE SET state = excluded.state, sum = excluded.sum
                    """)
            try statement.execute(arguments: [type.stored, id.stored, state, sum])
        }
    }
}

import CastyCore
import CastySharding
import GRDB
import GRDBSQLite
import Glibc

/// The row at which a statement is now, read without a copy of it.
///
/// GRDB makes a value of its own of each column; for the thousand rows of an entity's log that is most of the time.
struct StatementRow {
    let statement: OpaquePointer

    init(_ statement: Statement) { self.statement = statement.sqliteStatement }

    /// A column that must hold a number.
    func number(_ column: Int32) throws(EntityStoreError) -> Int64 {
        guard sqlite3_column_type(statement, column) == SQLITE_INTEGER else {
            throw EntityStoreError(.corrupt, "a row holds something else than a number")
        }
        return sqlite3_column_int64(statement, column)
    }

    /// A column that must hold bytes. They are valid until the statement goes on.
    func bytes(_ column: Int32) throws(EntityStoreError) -> UnsafeRawBufferPointer {
        guard sqlite3_column_type(statement, column) == SQLITE_BLOB else {
            throw EntityStoreError(.corrupt, "a row holds something else than bytes")
        }
        let start = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
    }

    /// A column that must hold the bytes of a text.
    ///
    /// - Parameter known: A text that it may be: rows of one entity have the same ones.
    func text(_ column: Int32, _ known: String) throws(EntityStoreError) -> String {
        let bytes = try bytes(column)
        var known = known
        if known.withUTF8({ UnsafeRawBufferPointer($0).holdsSame(as: bytes) }) { return known }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw EntityStoreError(.corrupt, "a row holds something else than text")
    }

    /// A token in four columns.
    ///
    /// - Parameter known: A cluster that it may be of.
    func fence(_ column: Int32, _ known: ClusterText) throws(EntityStoreError) -> (ShardFence, ClusterText) {
        guard sqlite3_column_type(statement, column) == SQLITE_TEXT,
            let text = sqlite3_column_text(statement, column)
        else { throw Self.noCluster }
        let bytes = UnsafeRawBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, column)))
        var cluster = known
        if !cluster.text.withUnsafeBytes({ $0.holdsSame(as: bytes) }) {
            guard let text = String(validating: bytes, as: UTF8.self), let id = ClusterID(text) else {
                throw Self.noCluster
            }
            cluster = ClusterText(id)
        }
        let fence = ShardFence(
            cluster: cluster.id, upNumber: Int(try number(column + 1)), start: Int(try number(column + 2)),
            sequence: UInt64(bitPattern: try number(column + 3)))
        return (fence, cluster)
    }

    private static var noCluster: EntityStoreError {
        EntityStoreError(.corrupt, "a row does not say to which cluster it belongs")
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func holdsSame(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
        return memcmp(start, otherStart, count) == 0
    }
}

/// A cluster's identity, and the bytes of its text.
struct ClusterText {
    let id: ClusterID
    let text: [UInt8]

    init(_ id: ClusterID) {
        self.id = id
        text = Array(id.description.utf8)
    }
}

/// Gives a statement its arguments, one after the other.
struct StatementArgumentList {
    fileprivate let statement: OpaquePointer
    private var index: Int32 = 0
    /// SQLite copies what it is given.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    fileprivate init(_ statement: OpaquePointer) { self.statement = statement }

    mutating func add(_ number: some BinaryInteger) {
        index += 1
        sqlite3_bind_int64(statement, index, Int64(truncatingIfNeeded: number))
    }

    mutating func addNoValue() {
        index += 1
        sqlite3_bind_null(statement, index)
    }

    /// Bytes, or no value.
    mutating func add(_ bytes: [UInt8]?) {
        index += 1
        guard let bytes else {
            sqlite3_bind_null(statement, index)
            return
        }
        bytes.withUnsafeBytes { add($0) }
    }

    /// A text, as bytes: SQLite's text functions stop at the first NUL.
    mutating func add(stored text: String) {
        index += 1
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    private func add(_ bytes: UnsafeRawBufferPointer) {
        // Without an address it would be no value.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_zeroblob(statement, index, 0)
            return
        }
        sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), Self.copied)
    }

    /// A token, in four columns.
    mutating func add(_ fence: ShardFence) {
        index += 1
        let cluster = fence.cluster.description
        sqlite3_bind_text(statement, index, cluster, Int32(cluster.utf8.count), Self.copied)
        add(fence.upNumber)
        add(fence.start)
        add(fence.sequence)
    }
}

extension Database {
    /// Runs a statement that changes rows and returns none.
    ///
    /// - Parameter arguments: Gives it its arguments, in order and all of them.
    func change(_ sql: String, _ arguments: (inout StatementArgumentList) -> Void) throws {
        let statement = try cachedStatement(sql: sql).sqliteStatement
        var list = StatementArgumentList(statement)
        arguments(&list)
        let result = sqlite3_step(statement)
        // Before it is reset, which would lose the message.
        let message = result == SQLITE_DONE ? nil : lastErrorMessage
        let code = result == SQLITE_DONE ? result : sqlite3_extended_errcode(sqliteConnection)
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
        guard result == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: sql)
        }
    }
}

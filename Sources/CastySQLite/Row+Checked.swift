import CastySerialization
import CastySharding
import Foundation
import GRDB

/// The checksum of a row. It covers the key as well, so that a row under a wrong key fails like one with wrong bytes.
///
/// SQLite itself detects torn pages, but not a disk that changes a byte.
func checksum(type: String, id: String, state: Data) -> Int64 {
    var sum = CRC32C()
    for part in [Data(type.utf8), Data(id.utf8), state] {
        // The length comes before each part, so that no two keys have the same bytes: an id may contain any byte.
        withUnsafeBytes(of: UInt64(part.count).littleEndian) { sum.update($0) }
        part.withUnsafeBytes { sum.update($0) }
    }
    return Int64(sum.value)
}

/// The checksum of a remembered entity's row; it also covers the entity's shard and the number of shards.
func checksum(type: String, id: String, shard: Int, of count: Int) -> Int64 {
    var bytes = Data()
    for number in [count, shard] {
        withUnsafeBytes(of: UInt64(clamping: number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    return checksum(type: type, id: id, state: bytes)
}

extension String {
    /// The string as it is stored: SQLite's text functions stop at the first NUL, and any string is a valid id.
    var stored: Data { Data(utf8) }
}

extension Row {
    /// A column that must hold bytes.
    func bytes(_ column: Int) throws(EntityStoreError) -> Data {
        if case .blob(let data) = value(column) { return data }
        throw EntityStoreError(.corrupt, "a row holds something else than bytes")
    }

    /// A column that must hold a number.
    func number(_ column: Int) throws(EntityStoreError) -> Int64 {
        if case .int64(let number) = value(column) { return number }
        throw EntityStoreError(.corrupt, "a row holds something else than a number")
    }

    /// A column that must hold the bytes of a text.
    func text(_ column: Int) throws(EntityStoreError) -> String {
        if let text = String(validating: try bytes(column), as: UTF8.self) { return text }
        throw EntityStoreError(.corrupt, "a row holds something else than text")
    }

    private func value(_ column: Int) -> DatabaseValue.Storage {
        let value: DatabaseValue = self[column]
        return value.storage
    }
}

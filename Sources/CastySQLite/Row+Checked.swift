import CastySharding
import CastyWire
import Foundation
import GRDB

/// The checksum of a row: over its key as well, so that a row under a wrong key is as wrong as one with wrong bytes.
///
/// SQLite finds torn pages by itself, but not a disk that changes a byte.
func checksum(type: String, id: String, state: Data) -> Int64 {
    var sum = CRC32C()
    for part in [Data(type.utf8), Data([0]), Data(id.utf8), Data([0]), state] {
        part.withUnsafeBytes { sum.update($0) }
    }
    return Int64(sum.value)
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

    /// A column that must hold text.
    func text(_ column: Int) throws(EntityStoreError) -> String {
        if case .string(let text) = value(column) { return text }
        throw EntityStoreError(.corrupt, "a row holds something else than text")
    }

    private func value(_ column: Int) -> DatabaseValue.Storage {
        let value: DatabaseValue = self[column]
        return value.storage
    }
}

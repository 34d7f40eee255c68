import CastyCore
import CastySerialization
import CastySharding
import Foundation
import GRDB

/// The checksum of a row. It covers the key as well, so that a row under a wrong key fails like one with wrong bytes.
///
/// SQLite itself detects torn pages, but not a disk that changes a byte.
func checksum(type: String, id: String, state: some Sequence<UInt8>) -> Int64 {
    var sum = CRC32C()
    // The length comes before each part, so that no two keys have the same bytes: an id may contain any byte.
    func add(_ part: UnsafeRawBufferPointer) {
        withUnsafeBytes(of: UInt64(part.count).littleEndian) { sum.update($0) }
        sum.update(part)
    }
    for var part in [type, id] { part.withUTF8 { add(UnsafeRawBufferPointer($0)) } }
    if state.withContiguousStorageIfAvailable({ add(UnsafeRawBufferPointer($0)) }) == nil {
        Array(state).withUnsafeBytes { add($0) }
    }
    return Int64(sum.value)
}

extension [UInt8] {
    /// Adds a number as text. Checksums cover texts, and are made for each row: this is their fast way.
    mutating func append(decimal number: some BinaryInteger) {
        if number < 0 { append(45) }
        var (rest, digits) = (UInt64(number.magnitude), 1)
        var bound: UInt64 = 10
        while digits < 20, rest >= bound {
            digits += 1
            bound = digits < 20 ? bound * 10 : bound
        }
        let end = count + digits
        append(contentsOf: repeatElement(48, count: digits))
        for index in 1...digits {
            self[end - index] = UInt8(48 + rest % 10)
            rest /= 10
        }
    }

    /// Adds the sixteen hexadecimal digits of a half of a cluster's identity.
    private mutating func append(digits half: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(shift) & 15)
            append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }

    /// Adds the text `cluster fence`, as `\(fence.cluster) \(fence)` is.
    mutating func append(_ fence: ShardFence) {
        append(digits: fence.cluster.high)
        append(digits: fence.cluster.low)
        append(32)
        append(decimal: fence.upNumber)
        append(46)
        append(decimal: fence.start)
        append(46)
        append(decimal: fence.sequence)
    }
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

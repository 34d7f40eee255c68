import CastySerialization
import CastySharding
import CastySimulator

/// A file of checksummed records. A node reads it as a whole and appends at its end.
///
/// A record consists of an eight-byte head with the payload's length and checksum, a four-byte checksum of the head,
/// and the payload. A record that is cut short at the end of the file comes from a torn write: it was never
/// acknowledged, and is removed. A complete record that does not match its checksum is corrupt: that is an error, and
/// never data.
final class Journal {
    private static let head = 12

    private let disk: SimulatedDisk
    private let node: String
    private let name: String
    /// The end of the last complete record that this node has read or written.
    private var end: Int?

    init(_ disk: SimulatedDisk, name: String, node: String) {
        self.disk = disk
        self.name = name
        self.node = node
    }

    /// All complete records, in order.
    func read() throws(EntityStoreError) -> [[UInt8]] {
        end = nil
        let bytes = try attempt { () throws(DiskError) in try disk.read(name, by: node) }
        var records: [[UInt8]] = []
        var offset = 0
        while offset + Self.head <= bytes.count {
            let head = bytes[offset..<(offset + Self.head)]
            guard Self.number(head.suffix(4)) == CRC32C.checksum(of: head.prefix(8)) else { throw corrupt(offset) }
            let length = Int(Self.number(head.prefix(4)))
            guard offset + Self.head + length <= bytes.count else { break }
            let payload = bytes[(offset + Self.head)..<(offset + Self.head + length)]
            guard Self.number(head.dropFirst(4).prefix(4)) == CRC32C.checksum(of: payload) else {
                throw corrupt(offset)
            }
            records.append(Array(payload))
            offset += Self.head + length
        }
        end = offset
        return records
    }

    /// Appends a record. If this returns, the record survives any crash; if it throws, the record is not in the file.
    func append(_ payload: [UInt8]) throws(EntityStoreError) {
        if end == nil { _ = try read() }
        let end = end ?? 0
        let record = Self.record(payload)
        try attempt { () throws(DiskError) in
            // Removes the remains of a failed write.
            try disk.truncate(name, to: end, by: node)
            do throws(DiskError) {
                try disk.append(record, to: name, by: node)
                try disk.sync(name, by: node)
            } catch {
                try? disk.truncate(name, to: end, by: node)
                throw error
            }
        }
        self.end = end + record.count
    }

    /// Replaces the whole file by these records.
    func rewrite(_ records: [[UInt8]]) throws(EntityStoreError) {
        let bytes = records.flatMap(Self.record)
        try attempt { () throws(DiskError) in try disk.replace(name, with: bytes, by: node) }
        end = bytes.count
    }

    /// The length of the file, as far as this node knows.
    var length: Int { end ?? 0 }

    private static func record(_ payload: [UInt8]) -> [UInt8] {
        var head = bytes(UInt32(payload.count)) + bytes(CRC32C.checksum(of: payload))
        head += bytes(CRC32C.checksum(of: head))
        return head + payload
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

    private func corrupt(_ offset: Int) -> EntityStoreError {
        EntityStoreError(.corrupt, "\(name): the record at byte \(offset) does not fit its checksum")
    }

    private func attempt<Result>(_ body: () throws(DiskError) -> Result) throws(EntityStoreError) -> Result {
        do {
            return try body()
        } catch {
            switch error {
            case .full: throw EntityStoreError(.full, "\(name): no space left on the disk")
            case .failed: throw EntityStoreError(.unavailable, "\(name): the disk does not work")
            }
        }
    }
}

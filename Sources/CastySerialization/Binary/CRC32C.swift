import CChecksum

/// The cyclic redundancy check with Castagnoli's polynomial, as iSCSI and ext4 use it.
///
/// It detects every error burst of up to 32 bits, so a frame with one broken byte never passes. The processor's own
/// instruction computes it where there is one. Otherwise it is computed eight bytes at a time: M. E. Kounavis, F. L. Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC
/// Generation" (IEEE ToC 2008).
package struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~state }

    /// The checksum of some bytes.
    package static func checksum(of bytes: some Collection<UInt8>) -> UInt32 {
        var checksum = CRC32C()
        if bytes.withContiguousStorageIfAvailable({ checksum.update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { checksum.update($0) }
        }
        return checksum.value
    }

    /// Whether the processor has an instruction for it.
    static let hasInstruction = cchecksum_has_crc32c() != 0

    /// The checksum of a frame: of two pieces, one after the other.
    package static func checksum(of first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(first)
        checksum.update(second)
        return checksum.value
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if Self.hasInstruction {
            state = cchecksum_crc32c(state, bytes.baseAddress, bytes.count)
        } else {
            updateByTables(bytes)
        }
    }

    package mutating func updateByTables(_ bytes: UnsafeRawBufferPointer) {
        guard var next = bytes.baseAddress else { return }
        let tables = Self.tables
        var crc = state
        var count = bytes.count
        while count >= 8 {
            let word = UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) ^ UInt64(crc)
            let first = tables[1792 + Int(word & 0xFF)] ^ tables[1536 + Int(word >> 8 & 0xFF)]
            let second = tables[1280 + Int(word >> 16 & 0xFF)] ^ tables[1024 + Int(word >> 24 & 0xFF)]
            let third = tables[768 + Int(word >> 32 & 0xFF)] ^ tables[512 + Int(word >> 40 & 0xFF)]
            let fourth = tables[256 + Int(word >> 48 & 0xFF)] ^ tables[Int(word >> 56)]
            crc = first ^ second ^ third ^ fourth
            next += 8
            count -= 8
        }
        while count > 0 {
            crc = tables[Int((crc ^ UInt32(next.load(as: UInt8.self))) & 0xFF)] ^ crc >> 8
            next += 1
            count -= 1
        }
        state = crc
    }

    /// Eight tables of 256 entries; the *n*th is for a byte that *n* zero bytes follow. Filled once, never changed,
    /// never freed.
    private nonisolated(unsafe) static let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
            (tables + byte).initialize(to: crc)
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            (tables + index).initialize(to: tables[Int(before & 0xFF)] ^ before >> 8)
        }
        return UnsafePointer(tables)
    }()
}

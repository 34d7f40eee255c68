package import NIOCore

extension ByteBuffer {
    /// Writes an unsigned LEB128 number: seven bits per byte, lowest first, one to ten bytes.
    package mutating func writeVarint(_ value: UInt64) {
        if value < 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: value))
            return
        }
        writeWithUnsafeMutableBytes(minimumWritableBytes: 10) { Self.store(varint: value, in: $0, at: 0) }
    }

    /// Stores an unsigned LEB128 number and returns the offset after it.
    ///
    /// - Precondition: There is room for ten bytes.
    package static func store(varint value: UInt64, in bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        var rest = value
        var offset = offset
        while rest >= 0x80 {
            bytes[offset] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            offset += 1
        }
        bytes[offset] = UInt8(truncatingIfNeeded: rest)
        return offset + 1
    }

    /// Writes a count or an index.
    ///
    /// - Precondition: `value` is not negative.
    package mutating func writeVarint(_ value: Int) {
        precondition(value >= 0, "a count is not negative, as \(value) is")
        writeVarint(UInt64(value))
    }

    /// Writes a signed number in zigzag encoding, so that numbers near zero are short: 0, −1, 1, −2 become 0, 1, 2, 3.
    package mutating func writeZigZag(_ value: Int64) {
        writeVarint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    package mutating func writeBool(_ value: Bool) { writeInteger(value ? 1 as UInt8 : 0) }

    /// Writes the eight bytes of a double, big-endian.
    package mutating func writeDouble(_ value: Double) { writeInteger(value.bitPattern) }

    /// Reads an unsigned LEB128 number.
    ///
    /// - Throws: ``WireError`` if the bytes end early, or if the number needs more than 64 bits.
    package mutating func readVarint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        let size = withUnsafeReadableBytes { bytes -> Int? in
            var shift: UInt64 = 0
            for (index, byte) in bytes.enumerated() {
                if shift == 63, byte > 1 { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return index + 1 }
                shift += 7
            }
            return 0
        }
        guard let size else { throw WireError(.malformed, "a number exceeds 64 bits") }
        guard size > 0 else { throw WireError(.truncated, "a number is cut short") }
        moveReaderIndex(forwardBy: size)
        return value
    }

    package mutating func readZigZag() throws(WireError) -> Int64 {
        let value = try readVarint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Reads a count or an index.
    ///
    /// - Throws: ``WireError`` if it is above `limit`.
    package mutating func readVarint(upTo limit: Int) throws(WireError) -> Int {
        let value = try readVarint()
        guard value <= UInt64(max(0, limit)) else {
            throw WireError(.tooLarge, "\(value) is above the limit of \(limit)")
        }
        return Int(value)
    }

    /// Reads how many elements follow.
    ///
    /// - Parameter elementSize: The fewest bytes one element takes: a count that the remaining bytes cannot hold is
    ///   refused before memory is reserved for it.
    package mutating func readCount(upTo limit: Int = .max, elementSize: Int = 1) throws(WireError) -> Int {
        let count = try readVarint(upTo: limit)
        guard count <= readableBytes / max(1, elementSize) else {
            throw WireError(.truncated, "\(count) elements do not fit into \(readableBytes) bytes")
        }
        return count
    }

    package mutating func readBool() throws(WireError) -> Bool {
        guard let byte = readInteger(as: UInt8.self) else { throw WireError(.truncated, "a truth value is missing") }
        guard byte <= 1 else { throw WireError(.malformed, "\(byte) is not a truth value") }
        return byte == 1
    }

    package mutating func readByte() throws(WireError) -> UInt8 {
        guard let byte = readInteger(as: UInt8.self) else { throw WireError(.truncated, "a byte is missing") }
        return byte
    }

    package mutating func readDouble() throws(WireError) -> Double {
        guard let bits = readInteger(as: UInt64.self) else { throw WireError(.truncated, "a double is cut short") }
        return Double(bitPattern: bits)
    }
}

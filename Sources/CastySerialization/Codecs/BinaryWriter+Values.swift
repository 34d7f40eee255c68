import NIOCore

// MARK: Values

extension BinaryWriter {
    /// The address of the next byte, with room for `size` bytes and eight more, so that one instruction can store a
    /// number.
    @inline(__always)
    func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if let base, capacity - count >= size + 8 { return base + count }
        return grow(size + 8)
    }

    @inline(never)
    func grow(_ size: Int) -> UnsafeMutableRawPointer {
        let start = buffer.writerIndex
        // Only bytes before the writer index are sure to survive.
        buffer.moveWriterIndex(forwardBy: count)
        buffer.reserveCapacity(minimumWritableBytes: max(size, count, 256))
        buffer.moveWriterIndex(to: start)
        return buffer.withUnsafeMutableWritableBytes { bytes in
            // There is room for at least `size` bytes, so the address exists.
            let first = bytes.baseAddress.unsafelyUnwrapped
            base = first
            capacity = bytes.count
            return first + count
        }
    }

    @inline(__always)
    func writeTag(_ tag: UInt8) {
        reserve(1).storeBytes(of: tag, as: UInt8.self)
        count += 1
    }

    func writeBool(_ value: Bool) { writeTag(value ? BinaryFormat.yes : BinaryFormat.no) }

    func writeNumber(_ value: UInt64) {
        let position = reserve(9)
        if value < 0x80 {
            position.storeBytes(of: BinaryFormat.smallNumber | UInt8(truncatingIfNeeded: value), as: UInt8.self)
            count += 1
        } else {
            writeMagnitude(value, BinaryFormat.positive, position)
        }
    }

    func writeNumber(_ value: Int64) {
        if value >= 0 {
            writeNumber(UInt64(value))
        } else {
            writeMagnitude(UInt64(~value), BinaryFormat.negative, reserve(9))
        }
    }

    @inline(__always)
    func writeMagnitude(_ value: UInt64, _ tag: UInt8, _ position: UnsafeMutableRawPointer) {
        let size = max(1, (71 - value.leadingZeroBitCount) >> 3)
        position.storeBytes(of: tag | UInt8(truncatingIfNeeded: size - 1), as: UInt8.self)
        (position + 1).storeBytes(of: value.littleEndian, as: UInt64.self)
        count += 1 + size
    }

    func writeDouble(_ value: Double) {
        let position = reserve(9)
        position.storeBytes(of: BinaryFormat.double, as: UInt8.self)
        (position + 1).storeBytes(of: value.bitPattern.littleEndian, as: UInt64.self)
        count += 9
    }

    func writeFloat(_ value: Float) {
        let position = reserve(5)
        position.storeBytes(of: BinaryFormat.float, as: UInt8.self)
        (position + 1).storeBytes(of: value.bitPattern.littleEndian, as: UInt32.self)
        count += 5
    }

    func writeText(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            if bytes.count < 64 {
                writeTag(BinaryFormat.shortText | UInt8(truncatingIfNeeded: bytes.count))
            } else {
                writeTag(BinaryFormat.text)
                writeVarint(bytes.count)
            }
            append(UnsafeRawBufferPointer(bytes))
        }
    }

    func writeBytes(_ bytes: UnsafeRawBufferPointer) {
        writeTag(BinaryFormat.bytes)
        writeVarint(bytes.count)
        append(bytes)
    }

    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) {
        let position = reserve(bytes.count)
        if let source = bytes.baseAddress { position.copyMemory(from: source, byteCount: bytes.count) }
        count += bytes.count
    }

    @inline(__always)
    func writeVarint(_ value: Int) {
        var rest = UInt(bitPattern: value)
        let position = reserve(10)
        var size = 0
        while rest >= 0x80 {
            position.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: size, as: UInt8.self)
            rest >>= 7
            size += 1
        }
        position.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: size, as: UInt8.self)
        count += size + 1
    }

    /// Writes a key, or the index of an equal key that was written before.
    ///
    /// There is one slot per hash, and the newest key wins: a key that was evicted is only written again.
    func writeKey(_ key: String) {
        var key = key
        key.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            let slot = Self.slot(of: bytes)
            let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: slot)
            let position = count
            if keyMask & bit != 0, let base {
                let earlier = Int(keySlots[slot])
                if Self.isKey(bytes, at: earlier, in: UnsafeRawBufferPointer(start: base, count: count)) {
                    writeVarint(earlier << 1 | 1)
                    return
                }
            }
            writeVarint(bytes.count << 1)
            append(bytes)
            keyMask |= bit
            keySlots[slot] = UInt32(truncatingIfNeeded: position)
        }
    }

    /// Whether this key is written at that index. Only keys of less than 64 bytes are compared: their length takes one
    /// byte.
    static func isKey(_ key: UnsafeRawBufferPointer, at position: Int, in message: UnsafeRawBufferPointer) -> Bool {
        guard key.count < 64, position + 1 + key.count <= message.count, message[position] == UInt8(key.count << 1)
        else {
            return false
        }
        return key.elementsEqual(message[(position + 1)..<(position + 1 + key.count)])
    }

    /// A hash of the length, the first and the last bytes, or of all bytes of a short key.
    static func slot(of key: UnsafeRawBufferPointer) -> Int {
        let count = key.count
        var mixed = UInt32(truncatingIfNeeded: count)
        if count >= 4 {
            mixed ^= key.loadUnaligned(as: UInt32.self).littleEndian
            mixed ^= key.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self).littleEndian &* 0x85EB_CA6B
        } else {
            for byte in key { mixed = mixed &* 31 &+ UInt32(byte) }
        }
        return Int((mixed &* 0x9E37_79B1) >> 27)
    }
}

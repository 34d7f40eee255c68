import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the containers of one message are written: straight into the buffer, one after the other.
///
/// `Codable` does not say when a container is complete. A container here is complete when its parent is written to
/// again, or ends; what is written to it after that has no place any more and is refused.
///
/// The buffer is taken from the caller meanwhile, so that its memory can be written without a check per byte. If an
/// encoder outlives the call, it finds an empty buffer of its own.
final class BinaryWriter {
    private struct Open {
        /// Where its first byte is.
        var start = 0
        /// Tells it from those that were at its level before.
        var serial: UInt32 = 0
        var kind: UInt8 = 0
    }

    /// Names an open container.
    struct Handle {
        let level: Int32
        let serial: UInt32

        static let invalid = Handle(level: -1, serial: 0)
    }

    let userInfo: CodingContext.Erased

    // Unchecked: a writer is used by one call on one thread, and no access overlaps another.
    @exclusivity(unchecked) private var buffer: ByteBuffer
    @exclusivity(unchecked) private var base: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private var capacity = 0
    /// How many bytes the message has so far.
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var open = [32 of Open](repeating: Open())
    @exclusivity(unchecked) private var openCount = 0
    @exclusivity(unchecked) private var nextSerial: UInt32 = 1
    /// Where a value is due that a `superEncoder` has not written yet, or −1.
    @exclusivity(unchecked) private var pending = -1
    /// Why a container could not be opened, for the error that a write to it throws.
    @exclusivity(unchecked) private var failure: WireError?
    /// Where the key was written that last fell into the slot; a set bit in `keyMask` says that there is one.
    @exclusivity(unchecked) private var keySlots = [32 of UInt32](repeating: 0)
    @exclusivity(unchecked) private var keyMask: UInt32 = 0

    /// Takes the buffer; ``finish()`` gives it back with the message appended, ``discard()`` as it was.
    init(taking buffer: inout ByteBuffer, context: CodingContext) {
        userInfo = context.erased
        self.buffer = ByteBuffer()
        swap(&self.buffer, &buffer)
    }

    /// - Throws: Where a container could not be opened, even if nobody wrote to it; the buffer is then still to be
    ///   discarded.
    func finish() throws(WireError) -> ByteBuffer {
        if let failure { throw failure }
        complete(downTo: 0)
        buffer.moveWriterIndex(forwardBy: count)
        return discard()
    }

    func discard() -> ByteBuffer {
        let result = buffer
        buffer = ByteBuffer()
        base = nil
        capacity = 0
        count = 0
        openCount = 0
        keyMask = 0
        pending = -1
        return result
    }
}

// MARK: Containers

extension BinaryWriter {
    /// Opens the container of the value that begins at `start`, or finds it open.
    func open(_ kind: UInt8, level: Int, start: Int) -> Handle {
        guard level < WireLimits.nesting else {
            if start >= 0 {
                failure = WireError(.tooDeep, "values lie in each other more than \(WireLimits.nesting) deep")
            }
            return .invalid
        }
        if count == start, openCount >= level {
            if openCount > level { complete(downTo: level) }
            if pending == count { pending = -1 }
            let serial = nextSerial
            nextSerial &+= 1
            open[level] = Open(start: start, serial: serial, kind: kind)
            openCount = level + 1
            let place = reserve(BinaryFormat.containerHead)
            place.storeBytes(of: kind, as: UInt8.self)
            count += BinaryFormat.containerHead
            return Handle(level: Int32(level), serial: serial)
        }
        if openCount > level, open[level].start == start, open[level].kind == kind {
            return Handle(level: Int32(level), serial: open[level].serial)
        }
        failure = WireError(.notEncodable, "a value has two containers that do not match")
        return .invalid
    }

    /// Makes a container the one that is written to.
    func focus(_ handle: Handle) throws(WireError) {
        let level = Int(handle.level)
        guard level >= 0, openCount > level, open[level].serial == handle.serial else {
            throw failure ?? WireError(.notEncodable, "a container was written to after its parent was")
        }
        if openCount > level + 1 || pending == count { complete(downTo: level + 1) }
    }

    /// Focuses a keyed container and writes a key.
    @inline(__always)
    func begin(_ handle: Handle, _ key: String) throws(WireError) {
        try focus(handle)
        writeKey(key)
    }

    /// Writes a key and a value that may be anything.
    func write<Value: Encodable>(_ value: Value, forKey key: String, of handle: Handle) throws {
        try focus(handle)
        let start = count
        writeKey(key)
        do {
            try write(value, level: Int(handle.level) + 1)
        } catch {
            // Someone may catch this and go on, so the key goes too.
            count = start
            throw error
        }
    }

    /// The encoder of a value that is due next in a container: of a nested one, or of a superclass. If nobody writes
    /// it, it is empty.
    func child(of handle: Handle, key: String? = nil) -> BinaryEncoder {
        let level = Int(handle.level) + 1
        do {
            try focus(handle)
        } catch {
            failure = error
            return BinaryEncoder(writer: self, level: WireLimits.nesting, start: -1)
        }
        if let key { writeKey(key) }
        pending = count
        return BinaryEncoder(writer: self, level: level, start: count)
    }

    /// Ends the containers from a level up.
    private func complete(downTo level: Int) {
        if pending == count {
            writeEmpty()
            pending = -1
        }
        while openCount > level {
            openCount -= 1
            setLength(ofContainerAt: open[openCount].start)
        }
    }

    /// Writes a value that may be anything, and completes what it opened.
    ///
    /// - Parameter level: Where a container it opens is kept.
    func write<Value: Encodable>(_ value: Value, level: Int) throws {
        let start = count
        if writeKnown(value) { return }
        do {
            try value.encode(to: BinaryEncoder(writer: self, level: level, start: start))
        } catch {
            // Someone may catch this and go on, so the half-written value goes.
            count = start
            openCount = min(openCount, level)
            pending = -1
            throw error
        }
        complete(downTo: level)
        if count == start { writeEmpty() }
    }

    /// Writes a value of a type that needs no containers, if it is one.
    ///
    /// The casts are of a type that was just compared, to itself.
    private func writeKnown<Value: Encodable>(_ value: Value) -> Bool {
        if Value.self == String.self {
            writeText(unsafeBitCast(value, to: String.self))
        } else if Value.self == Int.self {
            writeNumber(Int64(unsafeBitCast(value, to: Int.self)))
        } else if Value.self == Double.self {
            writeDouble(unsafeBitCast(value, to: Double.self))
        } else if Value.self == UInt64.self {
            writeNumber(unsafeBitCast(value, to: UInt64.self))
        } else if Value.self == [UInt8].self {
            unsafeBitCast(value, to: [UInt8].self).withUnsafeBytes { writeBytes($0) }
        } else if Value.self == [String].self {
            writeList(unsafeBitCast(value, to: [String].self)) { writeText($0) }
        } else if Value.self == [Int].self {
            writeList(unsafeBitCast(value, to: [Int].self)) { writeNumber(Int64($0)) }
        } else if Value.self == [Double].self {
            writeList(unsafeBitCast(value, to: [Double].self)) { writeDouble($0) }
        } else if Value.self == Data.self {
            unsafeBitCast(value, to: Data.self).withUnsafeBytes { writeBytes($0) }
        } else {
            return false
        }
        return true
    }

    /// Writes what an unkeyed container would hold, without one.
    @inline(__always)
    private func writeList<Element>(_ elements: [Element], _ write: (Element) -> Void) {
        let start = count
        reserve(BinaryFormat.containerHead).storeBytes(of: BinaryFormat.unkeyed, as: UInt8.self)
        count += BinaryFormat.containerHead
        for element in elements { write(element) }
        setLength(ofContainerAt: start)
    }

    @inline(__always)
    private func setLength(ofContainerAt start: Int) {
        let length = UInt32(truncatingIfNeeded: count - start - BinaryFormat.containerHead)
        base?.storeBytes(of: length.littleEndian, toByteOffset: start + 1, as: UInt32.self)
    }

    private func writeEmpty() {
        let place = reserve(BinaryFormat.containerHead)
        place.storeBytes(of: BinaryFormat.keyed, as: UInt8.self)
        place.storeBytes(of: 0, toByteOffset: 1, as: UInt32.self)
        count += BinaryFormat.containerHead
    }
}

// MARK: Values

extension BinaryWriter {
    /// The place of the next byte, with room for as many and eight more, so that a number is stored with one
    /// instruction.
    @inline(__always)
    private func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if let base, capacity - count >= size + 8 { return base + count }
        return grow(size + 8)
    }

    @inline(never)
    private func grow(_ size: Int) -> UnsafeMutableRawPointer {
        let start = buffer.writerIndex
        // Only what lies before the writer index is sure to survive.
        buffer.moveWriterIndex(forwardBy: count)
        buffer.reserveCapacity(minimumWritableBytes: max(size, count, 256))
        buffer.moveWriterIndex(to: start)
        return buffer.withUnsafeMutableWritableBytes { bytes in
            // There is room for at least `size` bytes, so there is an address.
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
        let place = reserve(9)
        if value < 0x80 {
            place.storeBytes(of: BinaryFormat.smallNumber | UInt8(truncatingIfNeeded: value), as: UInt8.self)
            count += 1
        } else {
            writeMagnitude(value, BinaryFormat.positive, place)
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
    private func writeMagnitude(_ value: UInt64, _ tag: UInt8, _ place: UnsafeMutableRawPointer) {
        let size = max(1, (71 - value.leadingZeroBitCount) >> 3)
        place.storeBytes(of: tag | UInt8(truncatingIfNeeded: size - 1), as: UInt8.self)
        (place + 1).storeBytes(of: value.littleEndian, as: UInt64.self)
        count += 1 + size
    }

    func writeDouble(_ value: Double) {
        let place = reserve(9)
        place.storeBytes(of: BinaryFormat.double, as: UInt8.self)
        (place + 1).storeBytes(of: value.bitPattern.littleEndian, as: UInt64.self)
        count += 9
    }

    func writeFloat(_ value: Float) {
        let place = reserve(5)
        place.storeBytes(of: BinaryFormat.float, as: UInt8.self)
        (place + 1).storeBytes(of: value.bitPattern.littleEndian, as: UInt32.self)
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
    private func append(_ bytes: UnsafeRawBufferPointer) {
        let place = reserve(bytes.count)
        if let source = bytes.baseAddress { place.copyMemory(from: source, byteCount: bytes.count) }
        count += bytes.count
    }

    @inline(__always)
    private func writeVarint(_ value: Int) {
        var rest = UInt(bitPattern: value)
        let place = reserve(10)
        var size = 0
        while rest >= 0x80 {
            place.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: size, as: UInt8.self)
            rest >>= 7
            size += 1
        }
        place.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: size, as: UInt8.self)
        count += size + 1
    }

    /// Writes a key, or where the same key was written before.
    ///
    /// One slot per hash, the newest key wins: a key that is forgotten is only written again.
    private func writeKey(_ key: String) {
        var key = key
        key.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            let slot = Self.slot(of: bytes)
            let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: slot)
            let place = count
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
            keySlots[slot] = UInt32(truncatingIfNeeded: place)
        }
    }

    /// Whether this key was written there. Only keys of less than 64 bytes are looked for: their length takes one byte.
    private static func isKey(_ key: UnsafeRawBufferPointer, at place: Int, in message: UnsafeRawBufferPointer) -> Bool
    {
        guard key.count < 64, place + 1 + key.count <= message.count, message[place] == UInt8(key.count << 1) else {
            return false
        }
        return key.elementsEqual(message[(place + 1)..<(place + 1 + key.count)])
    }

    /// A hash of the length, the first and the last bytes.
    private static func slot(of key: UnsafeRawBufferPointer) -> Int {
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

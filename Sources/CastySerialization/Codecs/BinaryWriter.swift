import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes the containers of one message: straight into the buffer, one after the other.
///
/// `Codable` does not say when a container is complete. Here it is complete when its parent is written to again, or
/// ends; a later write to it is refused.
///
/// The writer takes the buffer from the caller meanwhile, so that it can write to the memory without a check per byte. It
/// serves one message after another. If an encoder outlives the call, it finds an empty buffer of its own, and the
/// writer is not used again.
final class BinaryWriter {
    struct Open {
        /// The index of its first byte.
        var start = 0
        /// Distinguishes it from earlier containers at its level.
        var serial: UInt32 = 0
        var kind: UInt8 = 0
    }

    /// Identifies an open container.
    struct Handle {
        let level: Int32
        let serial: UInt32

        static let invalid = Handle(level: -1, serial: 0)
    }

    // Unchecked: one call on one thread uses a writer, and no access overlaps another.
    @exclusivity(unchecked) private(set) var userInfo: CodingContext.Erased
    @exclusivity(unchecked) var buffer = ByteBuffer()
    @exclusivity(unchecked) var base: UnsafeMutableRawPointer?
    @exclusivity(unchecked) var capacity = 0
    /// The number of bytes of the message so far.
    @exclusivity(unchecked) var count = 0
    @exclusivity(unchecked) private var open = [32 of Open](repeating: Open())
    @exclusivity(unchecked) private var openCount = 0
    @exclusivity(unchecked) private var nextSerial: UInt32 = 1
    /// The index of a value that a child encoder has yet to write, or −1.
    @exclusivity(unchecked) private var pending = -1
    /// Why a container could not be opened, for the error that a write to it throws.
    @exclusivity(unchecked) private var failure: WireError?
    /// The index of the key that last used the slot; a set bit in `keyMask` means that there is one.
    @exclusivity(unchecked) var keySlots = [32 of UInt32](repeating: 0)
    @exclusivity(unchecked) var keyMask: UInt32 = 0

    /// The containers that earlier values were written through, for the next value with the same keys.
    @exclusivity(unchecked) private var containers: [KeyedContainer<BinaryKeyedEncodingState>] = []

    init(_ context: CodingContext) { userInfo = context.erased }

    /// Takes the buffer; ``finish()`` returns it with the message appended, ``discard()`` returns it unchanged.
    func begin(taking buffer: inout ByteBuffer, _ context: CodingContext) {
        if userInfo !== context.erased { userInfo = context.erased }
        failure = nil
        swap(&self.buffer, &buffer)
    }

    /// Ends the call. Returns whether no container outlives it.
    func end() -> Bool {
        var isAlone = true
        for index in containers.indices.reversed() where !isKnownUniquelyReferenced(&containers[index].box) {
            containers.remove(at: index).state.keeper = self
            isAlone = false
        }
        return isAlone
    }

    /// A container of fields: one that no one uses any more, or a new one.
    func container<Key: CodingKey>(keyedBy type: Key.Type, _ handle: Handle) -> KeyedEncodingContainer<Key> {
        for index in containers.indices where containers[index].key == ObjectIdentifier(type) {
            guard isKnownUniquelyReferenced(&containers[index].box) else { break }
            containers[index].state.handle = handle
            return unsafeBitCast(containers[index].box, to: KeyedEncodingContainer<Key>.self)
        }
        let state = BinaryKeyedEncodingState(self, handle)
        let made = KeyedEncodingContainer(BinaryKeyedEncoding<Key>(state: state))
        let isNew = !containers.contains { $0.key == ObjectIdentifier(type) }
        if isNew, containers.count < KeyedContainer<BinaryKeyedEncodingState>.limit,
            MemoryLayout<KeyedEncodingContainer<Key>>.size == MemoryLayout<ContainerObject>.size
        {
            containers.append(
                KeyedContainer(
                    key: ObjectIdentifier(type), box: unsafeBitCast(made, to: ContainerObject.self), state: state))
        } else {
            state.keeper = self
        }
        return made
    }

    /// - Throws: ``WireError`` if a container could not be opened, even if it was never written to; the caller must
    ///   then still call ``discard()``.
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
    /// Opens the container of the value that begins at `start`, or returns it if it is already open.
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
            let position = reserve(BinaryFormat.containerHead)
            position.storeBytes(of: kind, as: UInt8.self)
            count += BinaryFormat.containerHead
            return Handle(level: Int32(level), serial: serial)
        }
        if openCount > level, open[level].start == start, open[level].kind == kind {
            return Handle(level: Int32(level), serial: open[level].serial)
        }
        failure = WireError(.notEncodable, "a value has two containers that do not match")
        return .invalid
    }

    /// Makes a container the current one.
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

    /// Writes a key and a value of any type.
    func write<Value: Encodable>(_ value: Value, forKey key: String, of handle: Handle) throws {
        try focus(handle)
        let start = count
        writeKey(key)
        do {
            try write(value, level: Int(handle.level) + 1)
        } catch {
            // The caller may catch this and continue, so the key is removed as well.
            count = start
            throw error
        }
    }

    /// The encoder of the next value in a container: of a nested one, or of a superclass. If nothing is written to it,
    /// the value is an empty keyed container.
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

    /// Completes the containers from `level` up.
    func complete(downTo level: Int) {
        if pending == count {
            writeEmpty()
            pending = -1
        }
        while openCount > level {
            openCount -= 1
            setLength(ofContainerAt: open[openCount].start)
        }
    }

    /// Writes a value of any type, and completes the containers that it opened.
    ///
    /// - Parameter level: The level of a container that the value opens.
    func write<Value: Encodable>(_ value: Value, level: Int) throws {
        let start = count
        if writeKnown(value) { return }
        do {
            try value.encode(to: BinaryEncoder(writer: self, level: level, start: start))
        } catch {
            // The caller may catch this and continue, so the half-written value is removed.
            count = start
            openCount = min(openCount, level)
            pending = -1
            throw error
        }
        complete(downTo: level)
        if count == start { writeEmpty() }
    }

    /// Writes a value of a type with a fast path, if it is one.
    ///
    /// Each cast follows a comparison that shows both types to be the same.
    func writeKnown<Value: Encodable>(_ value: Value) -> Bool {
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

    /// Writes a list as an unkeyed container, without opening one.
    @inline(__always)
    func writeList<Element>(_ elements: [Element], _ write: (Element) -> Void) {
        let start = count
        reserve(BinaryFormat.containerHead).storeBytes(of: BinaryFormat.unkeyed, as: UInt8.self)
        count += BinaryFormat.containerHead
        for element in elements { write(element) }
        setLength(ofContainerAt: start)
    }

    @inline(__always)
    func setLength(ofContainerAt start: Int) {
        let length = UInt32(truncatingIfNeeded: count - start - BinaryFormat.containerHead)
        base?.storeBytes(of: length.littleEndian, toByteOffset: start + 1, as: UInt32.self)
    }

    func writeEmpty() {
        let position = reserve(BinaryFormat.containerHead)
        position.storeBytes(of: BinaryFormat.keyed, as: UInt8.self)
        position.storeBytes(of: 0, toByteOffset: 1, as: UInt32.self)
        count += BinaryFormat.containerHead
    }
}

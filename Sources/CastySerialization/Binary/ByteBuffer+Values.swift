package import NIOCore

extension ByteBuffer {
    /// Writes a string: its length in UTF-8, then its bytes.
    package mutating func writeText(_ text: String) {
        writeVarint(text.utf8.count)
        writeString(text)
    }

    /// Writes bytes after their length.
    package mutating func writeBlob(_ bytes: ByteBuffer) {
        writeVarint(bytes.readableBytes)
        writeImmutableBuffer(bytes)
    }

    /// Writes whether there is a value, then the value.
    package mutating func writeOptional<Value>(_ value: Value?, _ write: (inout ByteBuffer, Value) -> Void) {
        writeBool(value != nil)
        if let value { write(&self, value) }
    }

    package mutating func writeOptional(_ value: (some NativeCodable)?) {
        writeOptional(value) { buffer, value in value.encode(into: &buffer) }
    }

    /// Writes how many elements there are, then the elements.
    package mutating func writeArray<Element>(_ elements: [Element], _ write: (inout ByteBuffer, Element) -> Void) {
        writeVarint(elements.count)
        for element in elements { write(&self, element) }
    }

    package mutating func writeArray(_ elements: [some NativeCodable]) {
        writeVarint(elements.count)
        for element in elements { element.encode(into: &self) }
    }

    /// Reads a string.
    ///
    /// - Parameter limit: The most bytes the string may have.
    /// - Throws: ``WireError`` if it is longer, truncated, or not UTF-8.
    package mutating func readText(upTo limit: Int = WireLimits.text) throws(WireError) -> String {
        let count = try readVarint(upTo: limit)
        guard count <= readableBytes else { throw WireError(.truncated, "a text of \(count) bytes is cut short") }
        let text = withUnsafeReadableBytes { bytes in
            String(utf8: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        guard let text else { throw WireError(.malformed, "a text is not UTF-8") }
        moveReaderIndex(forwardBy: count)
        return text
    }

    /// Reads bytes that follow their length; they share this buffer's memory.
    package mutating func readBlob(upTo limit: Int = .max) throws(WireError) -> ByteBuffer {
        let count = try readVarint(upTo: limit)
        guard let slice = readSlice(length: count) else { throw WireError(.truncated, "\(count) bytes are cut short") }
        return slice
    }

    package mutating func readOptional<Value>(
        _ read: (inout ByteBuffer) throws(WireError) -> Value
    ) throws(WireError) -> Value? {
        try readBool() ? try read(&self) : nil
    }

    package mutating func readOptional<Value: NativeCodable>(_ type: Value.Type) throws(WireError) -> Value? {
        try readBool() ? try Value(from: &self) : nil
    }

    /// Reads a count, and then that many elements.
    ///
    /// - Parameters:
    ///   - limit: The most elements there may be.
    ///   - elementSize: The fewest bytes one element takes.
    package mutating func readArray<Element>(
        upTo limit: Int = .max, elementSize: Int = 1, _ read: (inout ByteBuffer) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = try readCount(upTo: limit, elementSize: elementSize)
        var elements: [Element] = []
        // An element in memory may be far larger than its bytes, so a peer's count reserves little memory in advance.
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    package mutating func readArray<Element: NativeCodable>(
        of type: Element.Type, upTo limit: Int = .max, elementSize: Int = 1
    ) throws(WireError) -> [Element] {
        try readArray(upTo: limit, elementSize: elementSize) { buffer throws(WireError) in try Element(from: &buffer) }
    }
}

extension String {
    /// The string of these bytes, or `nil` if they are not UTF-8.
    init?(utf8 bytes: UnsafeRawBufferPointer) {
        if bytes.isASCII {
            self.init(decoding: bytes, as: UTF8.self)
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Nearly all names are ASCII, and ASCII bytes become a string several times as fast.
    fileprivate var isASCII: Bool {
        var index = 0
        while index + 8 <= count {
            if loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            index += 8
        }
        while index < count {
            if self[index] >= 0x80 { return false }
            index += 1
        }
        return true
    }
}

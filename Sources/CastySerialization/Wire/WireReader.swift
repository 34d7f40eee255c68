import CastyCore
package import NIOCore

/// Reads the fields of a ``WireCodable`` message, in the order in which they were written.
///
/// Each function throws ``WireReadError`` where the bytes do not hold what is asked for.
public struct WireReader: ~Copyable {
    package var buffer: ByteBuffer
    /// What the decoders of references find their system in.
    package let context: CodingContext
    private var depth = 0

    package init(_ buffer: consuming ByteBuffer, _ context: CodingContext) {
        self.buffer = buffer
        self.context = context
    }

    /// Whether nothing follows: the message was written by a version that has no further fields.
    public var isAtEnd: Bool { buffer.readableBytes == 0 }

    /// Reads the number of an enum's case.
    public mutating func readCase() throws(WireReadError) -> Int {
        let number = try readUInt64()
        guard number <= UInt64(Int32.max) else { throw WireReadError(.malformed, "\(number) is not a case") }
        return Int(number)
    }

    /// Reads a signed integer.
    public mutating func readInt() throws(WireReadError) -> Int {
        guard let number = Int(exactly: try readInt64()) else {
            throw WireReadError(.malformed, "a number does not fit into Int")
        }
        return number
    }

    /// Reads a signed integer.
    public mutating func readInt64() throws(WireReadError) -> Int64 {
        do { return try buffer.readZigZag() } catch { throw WireReadError(error) }
    }

    /// Reads an unsigned integer.
    public mutating func readUInt64() throws(WireReadError) -> UInt64 {
        do { return try buffer.readVarint() as UInt64 } catch { throw WireReadError(error) }
    }

    /// Reads a truth value.
    public mutating func readBool() throws(WireReadError) -> Bool {
        do { return try buffer.readBool() } catch { throw WireReadError(error) }
    }

    /// Reads a floating-point number.
    public mutating func readDouble() throws(WireReadError) -> Double {
        do { return try buffer.readDouble() } catch { throw WireReadError(error) }
    }

    /// Reads a string.
    ///
    /// - Parameter limit: The most bytes it may have in UTF-8; the message itself bounds it too.
    public mutating func readString(upTo limit: Int = .max) throws(WireReadError) -> String {
        do { return try buffer.readText(upTo: limit) } catch { throw WireReadError(error) }
    }

    /// Reads bytes.
    ///
    /// - Parameter limit: How many there may be at most; the message itself bounds them too.
    public mutating func readBytes(upTo limit: Int = .max) throws(WireReadError) -> [UInt8] {
        do { return Array(try buffer.readBlob(upTo: limit).readableBytesView) } catch { throw WireReadError(error) }
    }

    /// Reads a value with a form of its own.
    ///
    /// - Throws: ``WireReadError`` also where such values are nested deeper than 32.
    public mutating func read<Value: WireCodable>(
        _ type: Value.Type = Value.self
    ) throws(WireReadError) -> Value {
        guard depth < WireLimits.nesting else {
            throw WireReadError(.tooDeep, "values lie in each other more than \(WireLimits.nesting) deep")
        }
        depth += 1
        defer { depth -= 1 }
        return try Value(from: &self)
    }

    /// Reads a value that may be missing.
    public mutating func readOptional<Value: WireCodable>(
        _ type: Value.Type = Value.self
    ) throws(WireReadError) -> Value? {
        try readBool() ? try read(type) : nil
    }

    /// Reads a value that may be missing, with a closure.
    public mutating func readOptional<Value>(
        _ body: (inout WireReader) throws(WireReadError) -> Value
    ) throws(WireReadError) -> Value? {
        try readBool() ? try body(&self) : nil
    }

    /// Reads elements.
    ///
    /// - Parameters:
    ///   - type: Their type.
    ///   - limit: How many there may be at most.
    public mutating func readArray<Element: WireCodable>(
        of type: Element.Type = Element.self, upTo limit: Int = .max
    ) throws(WireReadError) -> [Element] {
        try readArray(upTo: limit) { reader throws(WireReadError) in try reader.read(type) }
    }

    /// Reads elements with a closure, which reads one.
    ///
    /// - Parameter limit: How many there may be at most.
    public mutating func readArray<Element>(
        upTo limit: Int = .max, _ body: (inout WireReader) throws(WireReadError) -> Element
    ) throws(WireReadError) -> [Element] {
        let count: Int
        // An element may take no byte at all, so the count alone is bounded by the size of the largest message.
        do { count = try buffer.readVarint(upTo: min(max(0, limit), Self.mostElements)) } catch {
            throw WireReadError(error)
        }
        var elements: [Element] = []
        // An element in memory may be far larger than its bytes, so a peer's count reserves little memory in advance.
        elements.reserveCapacity(min(count, buffer.readableBytes, 1024))
        for _ in 0..<count {
            guard buffer.readableBytes > 0 else { throw WireReadError(.truncated, "\(count) elements are cut short") }
            elements.append(try body(&self))
        }
        return elements
    }

    private static let mostElements = 1 << 24
}

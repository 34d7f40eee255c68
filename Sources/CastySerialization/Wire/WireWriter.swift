package import NIOCore

/// Appends the fields of a ``WireCodable`` message to the bytes that are sent.
///
/// Integers take one to ten bytes, small ones one; strings and bytes follow their length; `Double` takes eight bytes.
public struct WireWriter: ~Copyable {
    package var buffer: ByteBuffer
    /// What the encoders of references find their notes in.
    package let context: CodingContext

    package init(_ buffer: consuming ByteBuffer, _ context: CodingContext) {
        self.buffer = buffer
        self.context = context
    }

    /// Appends the number of an enum's case.
    ///
    /// - Precondition: It is not negative.
    public mutating func write(case number: Int) { buffer.writeVarint(number) }

    /// Appends a signed integer; those near zero are short.
    public mutating func write(_ value: Int) { buffer.writeZigZag(Int64(value)) }

    /// Appends a signed integer; those near zero are short.
    public mutating func write(_ value: Int64) { buffer.writeZigZag(value) }

    /// Appends an unsigned integer; small ones are short.
    public mutating func write(_ value: UInt64) { buffer.writeVarint(value) }

    /// Appends a truth value, one byte.
    public mutating func write(_ value: Bool) { buffer.writeBool(value) }

    /// Appends a floating-point number, eight bytes.
    public mutating func write(_ value: Double) { buffer.writeDouble(value) }

    /// Appends a string.
    ///
    /// - Complexity: O(*n*) in its length.
    public mutating func write(_ value: String) { buffer.writeText(value) }

    /// Appends bytes.
    ///
    /// - Complexity: O(*n*) in their number.
    public mutating func write(_ value: [UInt8]) {
        buffer.writeVarint(value.count)
        buffer.writeBytes(value)
    }

    /// Appends a value with a form of its own.
    public mutating func write(_ value: some WireCodable) { value.encode(into: &self) }

    /// Appends whether there is a value, and then the value.
    public mutating func write<Value: WireCodable>(_ value: Value?) {
        write(value) { writer, value in value.encode(into: &writer) }
    }

    /// Appends whether there is a value, and then what the closure writes of it.
    public mutating func write<Value>(_ value: Value?, _ body: (inout WireWriter, Value) -> Void) {
        buffer.writeBool(value != nil)
        if let value { body(&self, value) }
    }

    /// Appends the number of elements, and then the elements.
    public mutating func write(_ elements: [some WireCodable]) {
        write(elements) { writer, element in element.encode(into: &writer) }
    }

    /// Appends the number of elements, and then what the closure writes of each.
    public mutating func write<Element>(_ elements: [Element], _ body: (inout WireWriter, Element) -> Void) {
        buffer.writeVarint(elements.count)
        for element in elements { body(&self, element) }
    }
}

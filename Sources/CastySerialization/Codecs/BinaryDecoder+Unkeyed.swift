struct BinaryUnkeyedDecoding: UnkeyedDecodingContainer {
    let reader: BinaryReader
    /// Indices take four bytes each, so that the container fits into an existential without a box.
    private var position: Int32
    private let end: Int32
    private var index: Int32 = 0
    private let level: Int32

    init(reader: BinaryReader, content: Range<Int>, level: Int) {
        self.reader = reader
        // A message is at most as long as the announced length of a frame, and is refused above `Int32.max` bytes, so
        // the index fits.
        position = Int32(truncatingIfNeeded: content.lowerBound)
        end = Int32(truncatingIfNeeded: content.upperBound)
        self.level = Int32(truncatingIfNeeded: level)
    }

    var codingPath: [any CodingKey] { [] }
    var currentIndex: Int { Int(index) }
    var isAtEnd: Bool { position >= end }

    /// The number of values.
    ///
    /// - Complexity: O(*n*).
    var count: Int? {
        var count = Int(index)
        var next = Int(position)
        while next < Int(end) {
            guard let after = try? reader.skip(at: next, end: Int(end)) else { return nil }
            next = after
            count += 1
        }
        return count
    }

    /// Reads the current value and advances to the next.
    @inline(__always)
    private mutating func read<Value>(_ body: (Int, Int) throws(BinaryReader.Problem) -> Value) throws -> Value {
        let start = try begin()
        do throws(BinaryReader.Problem) {
            let value = try body(start, Int(end))
            try advance()
            return value
        } catch {
            throw error.error("\(Value.self)")
        }
    }

    private func begin() throws -> Int {
        guard position < end else {
            throw DecodingError.valueNotFound(
                Any.self, .init(codingPath: [], debugDescription: "the list has only \(index) values"))
        }
        return Int(position)
    }

    private mutating func advance() throws(BinaryReader.Problem) {
        position = Int32(truncatingIfNeeded: try reader.skip(at: Int(position), end: Int(end)))
        index += 1
    }

    mutating func decodeNil() throws -> Bool {
        let start = try begin()
        do {
            guard try reader.isNull(at: start, end: Int(end)) else { return false }
            try advance()
            return true
        } catch {
            throw error.error("value")
        }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try read(reader.bool) }
    mutating func decode(_ type: String.Type) throws -> String { try read(reader.text) }
    mutating func decode(_ type: Double.Type) throws -> Double { try read(reader.double) }
    mutating func decode(_ type: Float.Type) throws -> Float { Float(try read(reader.double)) }
    mutating func decode(_ type: Int.Type) throws -> Int { try number(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try number(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try number(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try number(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try number(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try number(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try number(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try number(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try number(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try number(type) }

    @inline(__always)
    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let reader = reader
        return try read { position, end throws(BinaryReader.Problem) in try reader.number(type, at: position, end: end)
        }
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try decoder().decode(type)
        try pass()
        return value
    }

    private func decoder() throws -> BinaryDecoder {
        BinaryDecoder(reader: reader, position: try begin(), end: Int(end), level: Int(level))
    }

    private mutating func pass() throws {
        do {
            try advance()
        } catch {
            throw error.error("value")
        }
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        let container = try decoder().container(keyedBy: type)
        try pass()
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try decoder().unkeyedContainer()
        try pass()
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let result = try decoder()
        try pass()
        return result
    }
}

struct BinarySingleDecoding: SingleValueDecodingContainer {
    let decoder: BinaryDecoder

    var codingPath: [any CodingKey] { [] }

    @inline(__always)
    private func read<Value>(_ body: (Int, Int) throws(BinaryReader.Problem) -> Value) throws -> Value {
        do throws(BinaryReader.Problem) {
            return try body(decoder.position, decoder.end)
        } catch {
            throw error.error("\(Value.self)")
        }
    }

    /// Truncated bytes are not nil; reading the value then reports the error.
    func decodeNil() -> Bool { (try? decoder.reader.isNull(at: decoder.position, end: decoder.end)) ?? false }
    func decode(_ type: Bool.Type) throws -> Bool { try read(decoder.reader.bool) }
    func decode(_ type: String.Type) throws -> String { try read(decoder.reader.text) }
    func decode(_ type: Double.Type) throws -> Double { try read(decoder.reader.double) }
    func decode(_ type: Float.Type) throws -> Float { Float(try read(decoder.reader.double)) }
    func decode(_ type: Int.Type) throws -> Int { try number(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try number(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try number(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try number(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try number(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try number(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try number(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try number(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try number(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try number(type) }

    private func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        try read { position, end throws(BinaryReader.Problem) in
            try decoder.reader.number(type, at: position, end: end)
        }
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
}

/// Encodes one value; a value type, so that passing it costs nothing.
struct BinaryEncoder: Encoder {
    let writer: BinaryWriter
    /// The level of a container that it opens.
    let level: Int
    /// The index at which its value begins.
    let start: Int

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { writer.userInfo.values }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        writer.container(keyedBy: type, writer.open(BinaryFormat.keyed, level: level, start: start))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        BinaryUnkeyedEncoding(writer: writer, handle: writer.open(BinaryFormat.unkeyed, level: level, start: start))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        BinarySingleEncoding(writer: writer, level: level, start: start)
    }
}

struct BinaryKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let state: BinaryKeyedEncodingState

    private var writer: BinaryWriter { state.writer }
    private var handle: BinaryWriter.Handle { state.handle }

    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeTag(BinaryFormat.null)
    }

    func encode(_ value: Bool, forKey key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeBool(value)
    }

    func encode(_ value: String, forKey key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeText(value)
    }

    func encode(_ value: Double, forKey key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeDouble(value)
    }

    func encode(_ value: Float, forKey key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeFloat(value)
    }

    func encode(_ value: Int, forKey key: Key) throws { try encodeNumber(Int64(value), key) }
    func encode(_ value: Int8, forKey key: Key) throws { try encodeNumber(Int64(value), key) }
    func encode(_ value: Int16, forKey key: Key) throws { try encodeNumber(Int64(value), key) }
    func encode(_ value: Int32, forKey key: Key) throws { try encodeNumber(Int64(value), key) }
    func encode(_ value: Int64, forKey key: Key) throws { try encodeNumber(value, key) }
    func encode(_ value: UInt, forKey key: Key) throws { try encodeNumber(UInt64(value), key) }
    func encode(_ value: UInt8, forKey key: Key) throws { try encodeNumber(UInt64(value), key) }
    func encode(_ value: UInt16, forKey key: Key) throws { try encodeNumber(UInt64(value), key) }
    func encode(_ value: UInt32, forKey key: Key) throws { try encodeNumber(UInt64(value), key) }
    func encode(_ value: UInt64, forKey key: Key) throws { try encodeNumber(value, key) }

    private func encodeNumber(_ value: Int64, _ key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeNumber(value)
    }

    private func encodeNumber(_ value: UInt64, _ key: Key) throws {
        try writer.begin(handle, key.stringValue)
        writer.writeNumber(value)
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try writer.write(value, forKey: key.stringValue, of: handle)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type, forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        writer.child(of: handle, key: key.stringValue).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        writer.child(of: handle, key: key.stringValue).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { writer.child(of: handle, key: "super") }
    func superEncoder(forKey key: Key) -> any Encoder { writer.child(of: handle, key: key.stringValue) }
}

struct BinaryUnkeyedEncoding: UnkeyedEncodingContainer {
    let writer: BinaryWriter
    let handle: BinaryWriter.Handle
    private(set) var count = 0

    var codingPath: [any CodingKey] { [] }

    init(writer: BinaryWriter, handle: BinaryWriter.Handle) {
        self.writer = writer
        self.handle = handle
    }

    private mutating func begin() throws {
        try writer.focus(handle)
        count += 1
    }

    mutating func encodeNil() throws {
        try begin()
        writer.writeTag(BinaryFormat.null)
    }

    mutating func encode(_ value: Bool) throws {
        try begin()
        writer.writeBool(value)
    }

    mutating func encode(_ value: String) throws {
        try begin()
        writer.writeText(value)
    }

    mutating func encode(_ value: Double) throws {
        try begin()
        writer.writeDouble(value)
    }

    mutating func encode(_ value: Float) throws {
        try begin()
        writer.writeFloat(value)
    }

    mutating func encode(_ value: Int) throws { try encode(Int64(value)) }
    mutating func encode(_ value: Int8) throws { try encode(Int64(value)) }
    mutating func encode(_ value: Int16) throws { try encode(Int64(value)) }
    mutating func encode(_ value: Int32) throws { try encode(Int64(value)) }
    mutating func encode(_ value: UInt) throws { try encode(UInt64(value)) }
    mutating func encode(_ value: UInt8) throws { try encode(UInt64(value)) }
    mutating func encode(_ value: UInt16) throws { try encode(UInt64(value)) }
    mutating func encode(_ value: UInt32) throws { try encode(UInt64(value)) }

    mutating func encode(_ value: Int64) throws {
        try begin()
        writer.writeNumber(value)
    }

    mutating func encode(_ value: UInt64) throws {
        try begin()
        writer.writeNumber(value)
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try begin()
        try writer.write(value, level: Int(handle.level) + 1)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        count += 1
        return writer.child(of: handle).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        count += 1
        return writer.child(of: handle).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        count += 1
        return writer.child(of: handle)
    }
}

struct BinarySingleEncoding: SingleValueEncodingContainer {
    let writer: BinaryWriter
    let level: Int
    let start: Int

    var codingPath: [any CodingKey] { [] }

    private func begin() throws(WireError) {
        guard writer.count == start else { throw WireError(.notEncodable, "a single value was written twice") }
    }

    func encodeNil() throws {
        try begin()
        writer.writeTag(BinaryFormat.null)
    }

    func encode(_ value: Bool) throws {
        try begin()
        writer.writeBool(value)
    }

    func encode(_ value: String) throws {
        try begin()
        writer.writeText(value)
    }

    func encode(_ value: Double) throws {
        try begin()
        writer.writeDouble(value)
    }

    func encode(_ value: Float) throws {
        try begin()
        writer.writeFloat(value)
    }

    func encode(_ value: Int) throws { try encode(Int64(value)) }
    func encode(_ value: Int8) throws { try encode(Int64(value)) }
    func encode(_ value: Int16) throws { try encode(Int64(value)) }
    func encode(_ value: Int32) throws { try encode(Int64(value)) }
    func encode(_ value: UInt) throws { try encode(UInt64(value)) }
    func encode(_ value: UInt8) throws { try encode(UInt64(value)) }
    func encode(_ value: UInt16) throws { try encode(UInt64(value)) }
    func encode(_ value: UInt32) throws { try encode(UInt64(value)) }

    func encode(_ value: Int64) throws {
        try begin()
        writer.writeNumber(value)
    }

    func encode(_ value: UInt64) throws {
        try begin()
        writer.writeNumber(value)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try begin()
        try writer.write(value, level: level)
    }
}

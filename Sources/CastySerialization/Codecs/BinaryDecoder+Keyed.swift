struct BinaryKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let state: BinaryKeyedDecodingState

    private var reader: BinaryReader { state.reader }
    private var content: Range<Int> { state.content }
    private var level: Int { state.level }

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        var keys: [Key] = []
        do {
            try reader.forEachKey(in: content) { if let key = Key(stringValue: $0) { keys.append(key) } }
        } catch {
            // This call cannot throw; the decoding of the whole message fails later.
            reader.note(error)
        }
        return keys
    }

    func contains(_ key: Key) -> Bool {
        do {
            return try reader.find(key.stringValue, in: content) != nil
        } catch {
            reader.note(error)
            return false
        }
    }

    /// Finds the value under a key, reads it, and makes the next search begin at the next entry.
    @inline(__always)
    private func read<Value>(
        _ key: Key, _ body: (Int, Int) throws(BinaryReader.Problem) -> Value
    ) throws -> Value {
        let name = key.stringValue
        do throws(BinaryReader.Problem) {
            if let position = try reader.find(name, in: content) {
                let value = try body(position, content.upperBound)
                try reader.advance(past: position, in: content)
                return value
            }
        } catch {
            throw error.error("\(Value.self)", key: name)
        }
        throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: "there is no \(name)"))
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        do {
            guard let position = try reader.find(key.stringValue, in: content) else { return true }
            return try reader.isNull(at: position, end: content.upperBound)
        } catch {
            throw error.error("value", key: key.stringValue)
        }
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try read(key, reader.bool) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try read(key, reader.text) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try read(key, reader.double) }

    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try read(key) { position, end throws(BinaryReader.Problem) in Float(try reader.double(at: position, end: end)) }
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try number(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try number(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try number(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try number(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try number(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try number(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try number(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try number(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try number(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try number(type, key) }

    @inline(__always)
    private func number<Number: FixedWidthInteger>(_ type: Number.Type, _ key: Key) throws -> Number {
        try read(key) { position, end throws(BinaryReader.Problem) in try reader.number(type, at: position, end: end) }
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (decoder, position) = try decoder(key)
        let value: Value
        do {
            value = try decoder.decode(type)
        } catch let error as DecodingError {
            throw error.inside(key)
        }
        do {
            try reader.advance(past: position, in: content)
        } catch {
            throw error.error("\(type)", key: key.stringValue)
        }
        return value
    }

    /// A field that may be missing is searched for once, and not three times as by default.
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try isPresent(key) ? try decode(type, forKey: key) : nil
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try isPresent(key) ? try decode(type, forKey: key) : nil
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try isPresent(key) ? try decode(type, forKey: key) : nil
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try isPresent(key) ? try decode(type, forKey: key) : nil
    }

    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try isPresent(key) ? try decode(type, forKey: key) : nil
    }

    private func isPresent(_ key: Key) throws -> Bool {
        do {
            guard let position = try reader.find(key.stringValue, in: content) else { return false }
            return try !reader.isNull(at: position, end: content.upperBound)
        } catch {
            throw error.error("value", key: key.stringValue)
        }
    }

    private func decoder(_ key: Key) throws -> (BinaryDecoder, position: Int) {
        let name = key.stringValue
        do throws(BinaryReader.Problem) {
            if let position = try reader.find(name, in: content) {
                return (
                    BinaryDecoder(reader: reader, position: position, end: content.upperBound, level: level), position
                )
            }
        } catch {
            throw error.error("value", key: name)
        }
        throw DecodingError.keyNotFound(key, .init(codingPath: [], debugDescription: "there is no \(name)"))
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder(key).0.container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).0.unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        do throws(BinaryReader.Problem) {
            if let position = try reader.find("super", in: content) {
                return BinaryDecoder(reader: reader, position: position, end: content.upperBound, level: level)
            }
        } catch {
            throw error.error("value", key: "super")
        }
        throw DecodingError.valueNotFound(
            (any Decoder).self, .init(codingPath: [], debugDescription: "there is no superclass"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key).0 }
}

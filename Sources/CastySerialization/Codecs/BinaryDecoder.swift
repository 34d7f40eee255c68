#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Decodes one value; a value type, so that passing it costs nothing.
struct BinaryDecoder: Decoder {
    let reader: BinaryReader
    // Four bytes each, so that the decoder fits into an existential without a box. A message has at most `Int32.max`
    // bytes.
    private let shortPosition: Int32
    private let shortEnd: Int32
    private let shortLevel: Int32

    init(reader: BinaryReader, position: Int, end: Int, level: Int) {
        self.reader = reader
        shortPosition = Int32(truncatingIfNeeded: position)
        shortEnd = Int32(truncatingIfNeeded: end)
        shortLevel = Int32(truncatingIfNeeded: level)
    }

    /// The index of the value.
    var position: Int { Int(shortPosition) }
    /// The end of the enclosing container.
    var end: Int { Int(shortEnd) }
    /// The number of enclosing containers.
    var level: Int { Int(shortLevel) }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { reader.userInfo.values }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        reader.container(keyedBy: type, try content(BinaryFormat.keyed, "fields"), level: level + 1)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        BinaryUnkeyedDecoding(reader: reader, content: try content(BinaryFormat.unkeyed, "a list"), level: level + 1)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { BinarySingleDecoding(decoder: self) }

    private func content(_ kind: UInt8, _ wanted: String) throws -> Range<Int> {
        guard level < WireLimits.nesting else { throw BinaryReader.Problem.tooDeep.error(wanted) }
        do {
            return try reader.content(of: kind, at: position, end: end)
        } catch {
            throw error.error(wanted)
        }
    }

    /// Decodes a value of any type.
    ///
    /// Each cast follows a comparison that shows both types to be the same.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do throws(BinaryReader.Problem) {
            if type == String.self {
                return unsafeBitCast(try reader.text(at: position, end: end), to: type)
            } else if type == Int.self {
                return unsafeBitCast(try reader.number(Int.self, at: position, end: end), to: type)
            } else if type == Double.self {
                return unsafeBitCast(try reader.double(at: position, end: end), to: type)
            } else if type == UInt64.self {
                return unsafeBitCast(try reader.number(UInt64.self, at: position, end: end), to: type)
            } else if type == [UInt8].self, let bytes = try reader.bytes(at: position, end: end) {
                return unsafeBitCast([UInt8](bytes), to: type)
            } else if type == [String].self, level < WireLimits.nesting {
                return unsafeBitCast(
                    try reader.list(at: position, end: end) { (position, end) throws(BinaryReader.Problem) in
                        try reader.text(at: position, end: end)
                    }, to: type)
            } else if type == [Int].self, level < WireLimits.nesting {
                let numbers = try reader.list(at: position, end: end) { (position, end) throws(BinaryReader.Problem) in
                    try reader.number(Int.self, at: position, end: end)
                }
                return unsafeBitCast(numbers, to: type)
            } else if type == [Double].self, level < WireLimits.nesting {
                return unsafeBitCast(
                    try reader.list(at: position, end: end) { (position, end) throws(BinaryReader.Problem) in
                        try reader.double(at: position, end: end)
                    }, to: type)
            } else if type == Data.self, let bytes = try reader.bytes(at: position, end: end) {
                return unsafeBitCast(Data(bytes), to: type)
            }
        } catch {
            throw error.error("\(type)")
        }
        return try Value(from: self)
    }
}

extension BinaryReader.Problem {
    /// The error that a `Decoder` must throw.
    func error(_ wanted: @autoclosure () -> String, key: String? = nil) -> DecodingError {
        let wanted = wanted() + (key.map { " under \($0)" } ?? "")
        let path = key.map { [FieldKey(stringValue: $0)] } ?? []
        let context = { DecodingError.Context(codingPath: path, debugDescription: $0) }
        return switch self {
        case .malformed: .dataCorrupted(context("the bytes hold no \(wanted)"))
        case .outOfRange: .dataCorrupted(context("a number does not fit into \(wanted)"))
        case .tooDeep: .dataCorrupted(context("values lie in each other more than \(WireLimits.nesting) deep"))
        case .mismatch: .typeMismatch(Any.self, context("there is a value, but no \(wanted)"))
        case .null: .valueNotFound(Any.self, context("there is nil where \(wanted) is due"))
        }
    }
}

extension DecodingError {
    /// The same error about a value under a key. Containers record no path, so that reading costs nothing for it; an
    /// error collects it on its way out.
    func inside(_ key: any CodingKey) -> DecodingError {
        func deeper(_ context: Context) -> Context {
            Context(
                codingPath: [key] + context.codingPath, debugDescription: context.debugDescription,
                underlyingError: context.underlyingError)
        }
        return switch self {
        case .keyNotFound(let missing, let context): .keyNotFound(missing, deeper(context))
        case .typeMismatch(let type, let context): .typeMismatch(type, deeper(context))
        case .valueNotFound(let type, let context): .valueNotFound(type, deeper(context))
        case .dataCorrupted(let context): .dataCorrupted(deeper(context))
        @unknown default: self
        }
    }
}

/// The innermost field that an error is about.
private struct FieldKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

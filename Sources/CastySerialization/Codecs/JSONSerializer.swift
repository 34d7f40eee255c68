package import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Encodes messages as JSON, which a person can read.
///
/// Keys are in alphabetical order, so that equal values give equal bytes. Infinities and NaN are written as strings.
/// Values may be nested 32 deep.
public struct JSONSerializer: Serializer {
    private static let infinity = "inf"
    private static let negativeInfinity = "-inf"
    private static let nan = "nan"

    /// Creates the serializer.
    public init() {}

    /// Encodes a value.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    public func encode(_ value: some Encodable) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encode(value, context: .empty, into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Decodes a value.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        var buffer = ByteBuffer(bytes: bytes)
        return try decode(type, from: &buffer, context: .empty)
    }

    /// Encodes a message.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    public func encode(_ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try encode(value, context: CodingContext(userInfo: userInfo), into: &buffer)
        return Array(buffer.readableBytesView)
    }

    /// Decodes a message.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Value {
        var buffer = ByteBuffer(bytes: bytes)
        return try decode(type, from: &buffer, context: CodingContext(userInfo: userInfo))
    }

    /// Appends a value; if this throws, the buffer is unchanged.
    package func encode(_ value: some Encodable, context: CodingContext, into buffer: inout ByteBuffer) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.infinity, negativeInfinity: Self.negativeInfinity, nan: Self.nan)
        encoder.userInfo = context.userInfo
        let data = try encoder.encode(value)
        try data.withUnsafeBytes { bytes in
            try Self.checkNesting(bytes)
            buffer.writeBytes(bytes)
        }
    }

    /// Reads a value that fills the rest of the buffer.
    package func decode<Value: Decodable>(
        _ type: Value.Type, from buffer: inout ByteBuffer, context: CodingContext
    ) throws -> Value {
        let data = try buffer.withUnsafeReadableBytes { bytes in
            try Self.checkNesting(bytes)
            return Data(bytes)
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.infinity, negativeInfinity: Self.negativeInfinity, nan: Self.nan)
        decoder.userInfo = context.userInfo
        let value = try decoder.decode(type, from: data)
        buffer.moveReaderIndex(to: buffer.writerIndex)
        return value
    }

    /// Refuses brackets that are nested too deep before a parser recurses into them.
    private static func checkNesting(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var depth = 0
        var inText = false
        var escaped = false
        for byte in bytes {
            if inText {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                guard depth <= WireLimits.nesting else {
                    throw WireError(.tooDeep, "values lie in each other more than \(WireLimits.nesting) deep")
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
    }
}

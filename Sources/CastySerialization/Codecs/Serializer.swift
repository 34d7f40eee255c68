/// Turns values into bytes and back.
///
/// Messages between two nodes use the serializer that both support, see ``CodecID``; stores may use any.
public protocol Serializer: Sendable {
    /// Encodes a value.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    func encode(_ value: some Encodable) throws -> [UInt8]

    /// Decodes a value.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value

    /// Encodes a message.
    ///
    /// - Parameter userInfo: What the `Encoder` must show as its `userInfo`: references to actors need it. Without an
    ///   implementation of this, messages that hold references are refused.
    /// - Throws: What the type's `encode(to:)` throws.
    func encode(_ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable]) throws -> [UInt8]

    /// Decodes a message.
    ///
    /// - Parameter userInfo: What the `Decoder` must show as its `userInfo`.
    /// - Throws: `DecodingError` if the bytes are not of this type.
    func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Value
}

extension Serializer {
    /// Encodes a message that holds no references.
    public func encode(_ value: some Encodable, userInfo: [CodingUserInfoKey: any Sendable]) throws -> [UInt8] {
        try encode(value)
    }

    /// Decodes a message that holds no references.
    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> Value {
        try decode(type, from: bytes)
    }
}

/// A serializer of the user's own, with the number that its messages carry.
package struct CustomSerializer: Sendable {
    package let id: CodecID
    package let serializer: any Serializer

    package init(id: CodecID, serializer: any Serializer) {
        self.id = id
        self.serializer = serializer
    }
}
